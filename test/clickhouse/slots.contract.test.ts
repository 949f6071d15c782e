import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { createRawRowWriter } from '../../clickhouse/raw-row-writer.ts';
import type { ClaimedSlot, SinkStore } from '../../clickhouse/sink-store.ts';
import { readStreams } from '../../clickhouse/slots.ts';
import { replaceStream } from '../../clickhouse/streams.ts';
import { DEFAULT_DRAIN } from '../../clickhouse/under-fence.ts';
import { systemClock } from '../../core/clock.ts';
import type { EventKind } from '../../core/rating-event.ts';
import { OK } from '../../core/verdict.ts';
import { idOf } from '../helpers/events.ts';
import {
  batchOf,
  type DeliveryTables,
  FILM_INDEX,
  identities,
  noBeat,
  offsetOf,
  openDelivery,
  testRecord,
} from './fixture.ts';

let delivery: DeliveryTables;
let clickhouse: ClickHouse;
let store: SinkStore;

beforeAll(async () => {
  delivery = await openDelivery();
  ({ clickhouse, store } = delivery);
});
afterAll(() => delivery?.stop());

describe('slots of a topic', () => {
  it('are the same whenever they are asked for, and in no other topic or cluster', async () => {
    const first = await store.slotsOf(identities(3, 'same'));
    expect(await store.slotsOf(identities(3, 'same'))).toEqual(first);
    expect(await store.slotsOf(identities(3, 'same').slice(1, 2))).toEqual(new Map([[1, first.get(1)]]));
    const others = [
      ...(await store.slotsOf(identities(3, 'other'))).values(),
      ...(await store.slotsOf(identities(3, 'same', 'another cluster'))).values(),
    ];
    expect(new Set([...first.values(), ...others]).size).toBe(9);
  });

  it('are allocated once by processes that start together', async () => {
    const stores = await Promise.all(
      Array.from({ length: 6 }, () => createSinkStore(clickhouse, { clock: systemClock })),
    );
    const found = await Promise.all(
      stores.map((one, i) => one.slotsOf(identities(4, i % 2 === 0 ? 'race-a' : 'race-b'))),
    );
    expect(new Set(found.map((slots) => JSON.stringify([...slots]))).size).toBe(2);
    const slots = (await readStreams(clickhouse)).map(({ slot }) => slot);
    expect(new Set(slots).size).toBe(slots.length);
  });

  it('are allocated although an INSERT died and left its token behind', async () => {
    const next = 1 + Math.max(...(await readStreams(clickhouse)).map(({ slot }) => slot));
    await clickhouse.insertRows('streams', [{ stream_id: 0, cluster_id: 'x', topic: 'x', slot: 60_000 }], {
      settings: { async_insert: 0, insert_deduplication_token: `streams/${next}/0` },
    });
    await clickhouse.command(`ALTER TABLE streams DELETE WHERE slot = 60000`, {
      settings: { mutations_sync: 2 },
    });
    const found = await store.slotsOf(identities(2, 'poisoned'));
    expect([...found.values()]).toEqual([next, next + 1]);
  });
});

describe('a topic that gets more partitions', () => {
  it('goes on in new slots behind the last offset of the old ones, which nobody can write any more', async () => {
    const old = await store.slotsOf(identities(2, 'grown'));
    const [first, second] = await store.claim([...old.values()], noBeat);
    await store.insert(batchOf([{ slot: first!.slot, epoch: first!.epoch, from: 0, to: 50 }]));

    const grown = await store.slotsOf(identities(3, 'grown'));
    expect([...grown.values()].some((slot) => [...old.values()].includes(slot))).toBe(false);
    const late = batchOf([{ slot: first!.slot, epoch: first!.epoch, from: 50, to: 60 }]);
    await expect(store.insert(late)).rejects.toMatchObject({ code: 'fenced' });
    await expect(store.claim([second!.slot], noBeat)).rejects.toMatchObject({ code: 'unavailable' });

    const claimed = await store.claim([...grown.values()], noBeat);
    expect(claimed).toMatchObject([
      { partition: 0, nextOffset: offsetOf(49) + 1, last: { offset: offsetOf(49) } },
      { partition: 1, nextOffset: null, last: null },
      { partition: 2, nextOffset: null, last: null },
    ]);
  });

  it('keeps the window of recent ids over the change', async () => {
    const [slot] = (await store.slotsOf(identities(1, 'window'))).values();
    const [old] = await store.claim([slot!], noBeat);
    await store.insert(batchOf([{ slot: slot!, epoch: old!.epoch, from: 0, to: 40 }]));
    const before = await store.recentIds(slot!, 0);
    const grown = await store.slotsOf(identities(2, 'window'));
    expect(await store.recentIds(grown.get(0)!, 0)).toEqual(before);
    expect((await store.recentIds(grown.get(1)!, 0)).length).toBe(0);
    expect(before.length / 24).toBe(
      Array.from({ length: 40 }, (_, i) => testRecord(slot!, i)).filter(
        ({ judgement }) => judgement.verdict.kind === 'ok',
      ).length,
    );
  });
});

describe('the opinion that stands', () => {
  it('is the newest by the log of Kafka, also when the person moved to a slot with a lower number', async () => {
    const slots = await store.slotsOf(identities(2, 'moved'));
    const [first, second] = await store.claim([...slots.values()], noBeat);
    const rate = (claimed: ClaimedSlot, offset: number, logTsMs: number, kind: EventKind, rating: number) => {
      const writer = createRawRowWriter(claimed.slot);
      const about = kind === 'USER_DELETED' ? 0 : 7;
      const event = {
        eventId: idOf(offset),
        userId: 4_711,
        movieId: about,
        kind,
        tsMs: logTsMs - 5,
        source: '',
      };
      const judgement = {
        verdict: OK,
        event: { ...event, rating: kind === 'RATED' ? rating : null },
        late: false,
      };
      const record = { offset, logTsMs, key: null, value: null };
      writer.append(record, { hi: 0, lo: 0 }, 0, judgement, FILM_INDEX.filmOf(judgement));
      const body = writer.take();
      const run = {
        slot: claimed.slot,
        epoch: claimed.epoch,
        first: offset,
        last: offset,
        rows: 1,
        bytes: body.length,
      };
      return store.insert({ rows: 1, body, slots: [run] });
    };
    const standing = () =>
      clickhouse.query(
        'SELECT half_stars, toUnixTimestamp64Milli(ts) AS at FROM current_opinions WHERE user_id = 4711',
      );
    const counted = () =>
      clickhouse.query('SELECT rating FROM ratings WHERE user_id = 4711 ORDER BY log_ts, kafka_offset');
    const start = Date.UTC(2026, 5, 1);
    await rate(first!, 10, start + 2_000, 'RATED', 4.5);
    await rate(second!, 90, start + 1_000, 'RATED', 1);
    expect(await standing()).toEqual([{ half_stars: 9, at: String(start + 1_995) }]);
    await rate(second!, 91, start + 1_500, 'USER_DELETED', 0);
    expect(await standing()).toEqual([{ half_stars: 9, at: String(start + 1_995) }]);
    expect(await counted()).toEqual([{ rating: 4.5 }]);
    await rate(first!, 11, start + 2_000, 'RATED', 2);
    expect(await standing()).toEqual([{ half_stars: 4, at: String(start + 1_995) }]);
    await rate(first!, 12, start + 2_000, 'USER_DELETED', 0);
    expect([await standing(), await counted()]).toEqual([[], []]);
  });
});

describe('a topic that was re-created', () => {
  it('with fewer partitions is refused until somebody accepts it', async () => {
    await store.slotsOf(identities(3, 'shrunk'));
    await expect(store.slotsOf(identities(2, 'shrunk'))).rejects.toMatchObject({ code: 'halted' });
    await replaceStream(clickhouse, { clusterId: 'cluster', topic: 'shrunk', partitionCount: 2 }, new Map(), {
      clock: systemClock,
      ...DEFAULT_DRAIN,
    });
    const slots = await store.slotsOf(identities(2, 'shrunk'));
    expect(slots.size).toBe(2);
    const claimed = await store.claim([...slots.values()], noBeat);
    expect(claimed.map(({ nextOffset, last }) => [nextOffset, last])).toEqual([
      [null, null],
      [null, null],
    ]);
  });
});
