import { describe, expect, it } from 'vitest';
import { claimSlots } from '../../clickhouse/claim.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { SinkStore } from '../../clickhouse/sink-store.ts';
import { takeOver } from '../../consumers/take-over.ts';
import { createManualClock } from '../../core/clock.ts';

const SLOT = 7;
const STREAM = {
  streamId: 1,
  clusterId: 'c',
  topic: 'ratings',
  partitionCount: 1,
  partition: 0,
  slot: SLOT,
  startOffset: null,
};

/** A server on which one statement of a former owner runs for ever; from the `silentFrom`th statement on it is silent. */
function scripted(silentFrom: number) {
  let statements = 0;
  let speak = () => {};
  const silence = new Promise<void>((resolve) => {
    speak = resolve;
  });
  const answer = async <T>(rows: T): Promise<T> => {
    statements += 1;
    if (statements >= silentFrom) await silence;
    return rows;
  };
  const clickhouse = {
    database: 'reelstream',
    query: (sql: string) =>
      answer<unknown[]>(
        /FROM streams/.test(sql)
          ? [STREAM]
          : /FROM fence/.test(sql)
            ? [{ now: '1', newest: '0' }]
            : [{ n: '1' }],
      ),
    command: () => answer(undefined),
  } as Partial<ClickHouse> as ClickHouse;
  return { clickhouse, statements: () => statements, speak };
}

/** The take-over with the store's own claim. */
async function begin(clickhouse: ClickHouse, drainTimeoutMs: number) {
  const clock = createManualClock();
  const limits = { graceMs: 2_000, timeoutMs: drainTimeoutMs };
  const store: Pick<SinkStore, 'slotsOf' | 'claim'> = {
    slotsOf: async () => new Map([[0, SLOT]]),
    claim: (slots, beat) =>
      claimSlots({ clickhouse, settings: {}, clock, limits, aggregates: [] }, slots, beat),
  };
  const probe = {
    clusterId: async () => 'c',
    partitionCount: async () => 1,
    bounds: async () => new Map(),
    recordAt: async () => null,
  };
  const options = { store: store as SinkStore, probe, topic: 'ratings', clock, stallTimeoutMs: 20_000 };
  const end: { error?: unknown } = {};
  takeOver(options, [0], async () => {}).catch((error: unknown) => {
    end.error = error;
  });
  // under way before time passes
  await clock.advance(0);
  return { clock, end };
}

describe('taking partitions over', () => {
  it('waits as long as the store gets on', async () => {
    const { clickhouse } = scripted(Number.POSITIVE_INFINITY);
    const { clock, end } = await begin(clickhouse, 60_000);
    await clock.advance(59_000);
    expect(end.error).toBeUndefined();
    await clock.advance(2_000);
    expect(end.error).toMatchObject({ code: 'timeout', message: expect.stringMatching(/still run/) });
  });

  it.each([1, 2, 3, 4, 30])('is given up when the answer to statement %i does not come', async (nth) => {
    const { clickhouse, statements, speak } = scripted(nth);
    const { clock, end } = await begin(clickhouse, 60_000);
    await clock.advance(19_000);
    expect(end.error).toBeUndefined();
    await clock.advance(10_000);
    expect(end.error).toMatchObject({ code: 'timeout', message: expect.stringMatching(/no answer/) });
    // the answer comes after all: whoever waits for a new owner must not meet a claim that goes on
    speak();
    await clock.advance(60_000);
    expect(statements()).toBe(nth);
  });
});
