import { afterAll, beforeAll, describe, it } from 'vitest';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { SinkStore } from '../../clickhouse/sink-store.ts';
import { checkAnything } from '../clickhouse/anything.ts';
import {
  type Death,
  type DeliveryTables,
  JANUARY,
  movableClock,
  openDelivery,
} from '../clickhouse/fixture.ts';
import {
  REBUILD_STATEMENTS,
  REWIND_STATEMENTS,
  rebuildDies,
  rewindDies,
} from '../clickhouse/repair-deaths.ts';

const clock = movableClock(JANUARY);
const isFull = process.env.REELSTREAM_TEST_FULL === '1';
const MODES = ['not_sent', 'lost_answer'] as const;

let delivery: DeliveryTables;
let clickhouse: ClickHouse;
let store: SinkStore;

beforeAll(async () => {
  delivery = await openDelivery({ clock, stopsMerges: true });
  ({ clickhouse, store } = delivery);
});
afterAll(() => delivery?.stop());

/** And one more, at which nobody dies: the number is right. */
const everyStatement = (statements: number, modeOf: (i: number) => Death['mode']): Death[] =>
  Array.from({ length: statements + 1 }, (_, i) => ({ at: i + 1, mode: modeOf(i) }));

describe('a repair that dies at any statement', () => {
  // sampled, each statement dies in one of the two ways
  it.each(isFull ? MODES : [null])('while it rebuilds is finished by whoever comes next (%s)', (mode) =>
    rebuildDies(
      { clickhouse, store, clock },
      everyStatement(REBUILD_STATEMENTS, (i) => mode ?? MODES[i % 2]!),
    ),
  );

  it('while it rewinds has cut all months or none', () =>
    rewindDies(
      { clickhouse, store, clock },
      everyStatement(REWIND_STATEMENTS, (i) => MODES[i % 2]!),
    ));
});

it('whatever is sent, lost and claimed, every aggregate equals its view over raw', () =>
  checkAnything({ clickhouse, store, clock }, { runs: 12, maxSteps: 10 }));
