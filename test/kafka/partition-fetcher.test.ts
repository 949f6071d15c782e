import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../core/clock.ts';
import type { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import type { FetchAnswer, PartitionAnswer } from '../../kafka/fetch-response.ts';
import type { FetchRequest } from '../../kafka/kafkajs-client.ts';
import type { Fetch } from '../../kafka/log-reader.ts';
import { PartitionFetcher } from '../../kafka/partition-fetcher.ts';
import { batchBytes } from './batch-bytes.ts';

const LOG_END = 1_000;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Three records from wherever it is asked, and none behind the end. */
function answerFor({ partition, position }: { partition: number; position: number }): PartitionAnswer {
  const deltas = [0, 1, 2].filter((delta) => position + delta < LOG_END);
  const records = deltas.map((delta) => ({ delta, value: String(position + delta) }));
  const recordSet = deltas.length === 0 ? Buffer.alloc(0) : batchBytes({ baseOffset: position, records });
  return { partition, errorCode: 0, highWatermark: LOG_END, logStartOffset: 0, aborted: [], recordSet };
}

/** A broker whose answers come when the test says so. */
function createHarness({
  leaders = new Map([
    [0, 1],
    [1, 1],
    [2, 2],
  ]),
  onFetch = async (_: Fetch) => {},
} = {}) {
  const requests: {
    readonly leader: number;
    readonly request: FetchRequest;
    answer(change?: (answer: PartitionAnswer) => PartitionAnswer): Promise<void>;
    fail(error: Error): Promise<void>;
  }[] = [];
  const delivered: Fetch[] = [];
  const halted: { partition: number; error: ReelstreamError }[] = [];
  const fatal: unknown[] = [];
  const gone: string[] = [];
  let discarded = 0;
  let refreshed = 0;
  const clock = createManualClock();
  const source = {
    leaders: () => leaders,
    fetch: (leader: number, request: FetchRequest) =>
      new Promise<FetchAnswer>((resolve, reject) => {
        const settle = async (act: () => void) => {
          requests.splice(requests.indexOf(entry), 1);
          act();
          await turn();
          await turn();
        };
        const entry = {
          leader,
          request,
          answer: (change = (answer: PartitionAnswer) => answer) =>
            settle(() => {
              const partitions = request.partitions.map((asked) => change(answerFor(asked)));
              resolve({ throttleMs: 0, errorCode: 0, partitions });
            }),
          fail: (error: Error) => settle(() => reject(error)),
        };
        requests.push(entry);
      }),
    async refresh() {
      refreshed++;
    },
  };
  const fetcher = new PartitionFetcher(
    {
      source,
      topic: 't',
      maxWaitMs: 250,
      maxBytes: 1,
      maxBytesPerPartition: 1,
      readCommitted: true,
      clock,
      logger: silentLogger,
    },
    {
      async onFetch(fetch) {
        delivered.push(fetch);
        await onFetch(fetch);
      },
      onHalted: (partition, error) => void halted.push({ partition, error }),
      onFatal: (error) => void fatal.push(error),
      onTopicGone: () => void gone.push('gone'),
      onDiscarded(_, records) {
        discarded += records;
      },
    },
  );
  return {
    fetcher,
    requests,
    delivered,
    halted,
    fatal,
    gone,
    clock,
    discarded: () => discarded,
    refreshed: () => refreshed,
  };
}

describe('PartitionFetcher', () => {
  it('asks each leader once for all of its partitions that are ready, and for nothing else', async () => {
    const { fetcher, requests } = createHarness();
    fetcher.assign([0, 1, 2]);
    await turn();
    expect(requests).toEqual([]);
    fetcher.seek(0, 5);
    fetcher.seek(1, 6);
    fetcher.seek(2, 7);
    await turn();
    expect(requests).toEqual([]);
    fetcher.resume([0, 1, 2]);
    await turn();
    expect(requests.map(({ leader, request }) => [leader, request.partitions])).toEqual([
      [
        1,
        [
          { partition: 0, position: 5 },
          { partition: 1, position: 6 },
        ],
      ],
      [2, [{ partition: 2, position: 7 }]],
    ]);
  });

  it.each([
    ['paused', (f: PartitionFetcher) => f.pause([0])],
    ['sought', (f: PartitionFetcher) => f.seek(0, 50)],
    ['revoked', (f: PartitionFetcher) => void f.revokeAll()],
    [
      'revoked and assigned again, standing where it stood',
      (f: PartitionFetcher) => {
        f.revokeAll();
        f.assign([0]);
        f.seek(0, 10);
        f.resume([0]);
      },
    ],
  ])('throws an answer away when its partition was %s meanwhile', async (_, act) => {
    const { fetcher, requests, delivered, discarded } = createHarness();
    fetcher.assign([0]);
    fetcher.seek(0, 10);
    fetcher.resume([0]);
    await turn();
    act(fetcher);
    await requests[0]!.answer();
    expect(delivered).toEqual([]);
    expect(discarded()).toBe(3);
  });

  it('does not ask again before the handler is done, and lets a seek from inside it win', async () => {
    let finish = () => {};
    const waiting = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const harness = createHarness({
      onFetch: async () => {
        harness.fetcher.seek(0, 500);
        await waiting;
      },
    });
    const { fetcher, requests } = harness;
    fetcher.assign([0, 1]);
    fetcher.seek(0, 10);
    fetcher.resume([0]);
    await turn();
    await requests[0]!.answer();
    expect(requests).toEqual([]);
    fetcher.seek(1, 0);
    fetcher.resume([1]);
    await turn();
    // Short, because the busy one may be ready any moment
    expect(requests[0]!.request).toMatchObject({ partitions: [{ partition: 1 }], maxWaitMs: 50 });
    finish();
    await turn();
    await requests[0]!.answer((answer) => ({ ...answer, recordSet: Buffer.alloc(0) }));
    expect(requests[0]!.request.partitions).toContainEqual({ partition: 0, position: 500 });
  });

  it('halts one partition where the log does not hold its position or its bytes are no records; others go on', async () => {
    const { fetcher, requests, halted, delivered } = createHarness();
    fetcher.assign([0, 1]);
    for (const partition of [0, 1]) fetcher.seek(partition, 10);
    fetcher.resume([0, 1]);
    await turn();
    await requests[0]!.answer((answer) => (answer.partition === 0 ? { ...answer, errorCode: 1 } : answer));
    expect(halted).toMatchObject([{ partition: 0, error: { code: 'halted' } }]);
    await requests[0]!.answer((answer) => ({ ...answer, recordSet: Buffer.alloc(80) }));
    expect(halted).toMatchObject([{ partition: 0 }, { partition: 1, error: { code: 'bad_data' } }]);
    expect(requests).toEqual([]);
    fetcher.seek(0, 20);
    await turn();
    await requests[0]!.answer();
    expect(delivered.map(({ partition, position }) => [partition, position])).toEqual([
      [1, 10],
      [0, 20],
    ]);
  });

  it('goes on from the same place after a failure, with new metadata and growing pauses', async () => {
    const { fetcher, requests, clock, delivered, refreshed } = createHarness();
    fetcher.assign([0]);
    fetcher.seek(0, 10);
    fetcher.resume([0]);
    await turn();
    await requests[0]!.fail(new Error('connection closed'));
    expect(requests).toEqual([]);
    await clock.advance(100);
    await turn();
    await requests[0]!.fail(new Error('connection closed'));
    expect(refreshed()).toBe(1);
    await clock.advance(100);
    await turn();
    expect(requests).toEqual([]);
    await clock.advance(100);
    await turn();
    await requests[0]!.answer();
    expect(refreshed()).toBe(2);
    expect(delivered).toMatchObject([{ position: 10, nextPosition: 13 }]);
  });

  /** A minute in which every request is answered after 50 ms, and partition 0 with an error. */
  async function oneMinuteOf(errorCode: number) {
    const harness = createHarness();
    const { fetcher, requests, clock, delivered } = harness;
    const asked = { 0: 0, 1: 0 } as Record<number, number>;
    fetcher.assign([0, 1]);
    for (const partition of [0, 1]) fetcher.seek(partition, 0);
    fetcher.resume([0, 1]);
    for (let ms = 0; ms < 60_000; ms += 50) {
      await turn();
      for (const one of [...requests]) {
        for (const { partition } of one.request.partitions) asked[partition]! += 1;
        await one.answer((answer) => (answer.partition === 0 ? { ...answer, errorCode } : answer));
      }
      // the neighbour never comes to its end
      if ((delivered.at(-1)?.nextPosition ?? 0) >= LOG_END - 3) fetcher.seek(1, 0);
      await clock.advance(50);
    }
    return { ...harness, asked };
  }

  it.each([2, 56, -1, 99])(
    'backs one partition off that the broker answers with error %i, then calls it unreadable; its neighbour is read on',
    async (errorCode) => {
      const { fetcher, requests, halted, fatal, delivered, asked, refreshed } = await oneMinuteOf(errorCode);
      expect(asked[1]).toBeGreaterThan(1_000);
      expect(delivered.length).toBeGreaterThan(1_000);
      expect(refreshed()).toBe(19);
      expect(asked[0]).toBe(20);
      expect(halted).toMatchObject([{ partition: 0, error: { code: 'kafka' } }]);
      expect(fatal).toEqual([]);
      fetcher.seek(0, 7);
      await requests[0]!.answer();
      expect(requests.flatMap(({ request }) => request.partitions)).toContainEqual({
        partition: 0,
        position: 7,
      });
    },
  );

  it.each([3, 5, 6, 74])('asks on for as long as error %i lasts: it passes by itself', async (errorCode) => {
    const { halted, asked } = await oneMinuteOf(errorCode);
    expect(halted).toEqual([]);
    expect(asked[0]).toBeGreaterThan(25);
    expect(asked[0]).toBeLessThan(40);
    expect(asked[1]).toBeGreaterThan(1_000);
  });

  it('tells when the topic is gone, and asks on', async () => {
    const { fetcher, requests, clock, gone } = createHarness();
    fetcher.assign([0]);
    fetcher.seek(0, 0);
    fetcher.resume([0]);
    await turn();
    await requests[0]!.answer((answer) => ({ ...answer, errorCode: 3 }));
    expect(gone).toEqual(['gone']);
    await clock.advance(100);
    await turn();
    expect(requests).toHaveLength(1);
  });

  it('ends loudly without the right to read, and when a handler throws', async () => {
    const denied = createHarness();
    denied.fetcher.assign([0]);
    denied.fetcher.seek(0, 0);
    denied.fetcher.resume([0]);
    await turn();
    await denied.requests[0]!.answer((answer) => ({ ...answer, errorCode: 29 }));
    expect(denied.fatal).toMatchObject([{ code: 'kafka' }]);

    const broken = createHarness({ onFetch: () => Promise.reject(new Error('bug')) });
    broken.fetcher.assign([0]);
    broken.fetcher.seek(0, 0);
    broken.fetcher.resume([0]);
    await turn();
    await broken.requests[0]!.answer();
    expect(broken.fatal).toMatchObject([{ message: 'bug' }]);
  });

  it('delivers, whatever happens in between, only from where the caller last said, and never while paused or not owned', async () => {
    type Action = {
      do: 'assign' | 'revoke' | 'seek' | 'pause' | 'resume' | 'answer' | 'fail' | 'wait';
      at: number;
      to: number;
    };
    const actions = fc.array(
      fc.record<Action>({
        do: fc.constantFrom(
          'assign',
          'revoke',
          'seek',
          'pause',
          'resume',
          'answer',
          'answer',
          'answer',
          'fail',
          'wait',
        ),
        at: fc.nat(2),
        to: fc.nat(LOG_END),
      }),
      { minLength: 20, maxLength: 100, size: 'max' },
    );
    let deliveries = 0;
    await fc.assert(
      fc.asyncProperty(actions, async (steps) => {
        const model = new Map<number, { position: number | null; paused: boolean }>();
        const start = () => {
          for (const [partition, state] of model) {
            Object.assign(state, { position: 0, paused: false });
            fetcher.seek(partition, 0);
            fetcher.resume([partition]);
          }
        };
        const wrong: string[] = [];
        const { fetcher, requests, clock, delivered } = createHarness({
          onFetch: async ({ partition, position, nextPosition, records }) => {
            const expected = model.get(partition);
            if (!expected || expected.paused || expected.position !== position) {
              wrong.push(`${partition} from ${position}, expected ${JSON.stringify(expected)}`);
              return;
            }
            if (records[0]!.offset !== position)
              wrong.push(`record ${records[0]!.offset} first at ${position}`);
            expected.position = nextPosition;
          },
        });
        for (const { do: action, at, to } of steps) {
          const owned = model.get(at);
          if (action === 'assign') {
            fetcher.revokeAll();
            model.clear();
            const partitions = [0, 1, 2].filter((partition) => partition !== at);
            for (const partition of partitions) model.set(partition, { position: null, paused: true });
            fetcher.assign(partitions);
            if (to % 2 === 0) start();
          } else if (action === 'revoke') {
            fetcher.revokeAll();
            model.clear();
          } else if (action === 'seek') {
            fetcher.seek(at, to);
            if (owned) owned.position = to;
          } else if (action === 'pause' || action === 'resume') {
            if (action === 'pause') fetcher.pause([at]);
            else fetcher.resume([at]);
            if (owned) owned.paused = action === 'pause';
          } else if (action === 'wait') {
            await clock.advance(5_000);
            await turn();
          } else {
            const request = requests[at % Math.max(1, requests.length)];
            if (action === 'answer') await request?.answer();
            else await request?.fail(new Error('away'));
          }
          await turn();
        }
        deliveries += delivered.length;
        expect(wrong).toEqual([]);
      }),
      { numRuns: 200 },
    );
    // A model that nothing reaches proves nothing
    expect(deliveries).toBeGreaterThan(200);
  });
});
