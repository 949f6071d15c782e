import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import type { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { BatchSender } from '../../kafka/batch-sender.ts';
import { recordsOf } from '../../kafka/partition-queue.ts';
import { FakeLeader } from './fake-leader.ts';

/** Waits take no time; what is left is the order of things. */
const hastyClock: Clock = {
  nowMs: () => 1_700_000_000_000,
  monotonicMs: () => performance.now() * 1_000,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

interface Outcome {
  readonly acknowledged: { value: string; partition: number; offset: number }[];
  readonly givenUp: string[];
  dead: ReelstreamError | null;
}

/** Sends `count` records over `partitions` through a leader that misbehaves as `faults` say, one fault per request. */
async function sendAll(leader: FakeLeader, count: number, options: { deliveryTimeoutMs?: number } = {}) {
  const outcome: Outcome = { acknowledged: [], givenUp: [], dead: null };
  const sender = new BatchSender(
    {
      target: leader,
      topic: 't',
      lingerMs: 0,
      compression: 'none',
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 1e12,
      batchBytes: 200,
      withTags: true,
      clock: hastyClock,
      logger: silentLogger,
    },
    {
      onAcknowledged(partition, batch, baseOffset) {
        const values = recordsOf(batch).map(({ value }) => String(value));
        expect(batch.tags).toEqual(values.map(Number));
        for (const [i, value] of values.entries()) {
          const offset = baseOffset < 0 ? -1 : baseOffset + i;
          outcome.acknowledged.push({ value, partition, offset });
        }
      },
      onGivenUp: (_, batch) => {
        outcome.givenUp.push(...recordsOf(batch).map(({ value }) => String(value)));
      },
      onDead: (error) => {
        outcome.dead = error;
      },
    },
    await leader.identify(),
  );
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  for (let n = 0; n < count; n++) {
    sender.append(n % leader.partitions, null, Buffer.from(String(n)), undefined, n);
    if (n % 7 === 0) await turn();
  }
  sender.setUrgent(true);
  const deadlineMs = performance.now() + 10_000;
  while (outcome.acknowledged.length + outcome.givenUp.length < count && outcome.dead === null) {
    if (performance.now() > deadlineMs) throw new Error('not everything got its answer');
    await turn();
  }
  sender.stop();
  return outcome;
}

const inOrder = (count: number, partitions: number, partition: number) =>
  Array.from({ length: count }, (_, n) => n)
    .filter((n) => n % partitions === partition)
    .map(String);

describe('a batch sender', () => {
  it('has every record in the log once and in order, whatever request or answer is lost or refused on the way', async () => {
    const fault = fc.constantFrom(
      ...([
        'none',
        'request lost',
        'answer lost',
        'moved',
        'timed out',
        'forgot offsets',
        'partition left out',
      ] as const),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (faults, partitions) => {
          const leader = new FakeLeader(partitions, faults);
          const { acknowledged, givenUp, dead } = await sendAll(leader, 120);
          expect([givenUp, dead]).toEqual([[], null]);
          for (let partition = 0; partition < partitions; partition++) {
            expect(leader.log(partition)).toEqual(inOrder(120, partitions, partition));
          }
          for (const { value, partition, offset } of acknowledged) {
            if (offset >= 0) expect(leader.log(partition)[offset]).toBe(value);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('doubles records when it would not number them: the broker of this test can tell', async () => {
    const leader = new FakeLeader(1, ['answer lost', 'none'], { ignoresSequences: true });
    await sendAll(leader, 20);
    expect(leader.log(0).length).toBeGreaterThan(20);
  });

  it('takes another id where the broker has forgotten it, and loses nothing', async () => {
    const leader = new FakeLeader(2, ['none', 'forgot the producer', 'none', 'forgot the producer']);
    const { dead } = await sendAll(leader, 200);
    expect(dead).toBeNull();
    expect(leader.identities).toBeGreaterThan(1);
    for (const partition of [0, 1]) expect(leader.log(partition)).toEqual(inOrder(200, 2, partition));
  });

  it('is dead rather than in doubt: what may be there cannot go under another id', async () => {
    const leader = new FakeLeader(1, ['answer lost', 'forgot the producer']);
    const { dead } = await sendAll(leader, 50);
    expect(dead).toMatchObject({ code: 'kafka' });
    expect(dead?.message).toContain('UNKNOWN_PRODUCER_ID');
  });

  it('splits what is too large together, gives up what is too large alone, and goes on behind it', async () => {
    const leader = new FakeLeader(1, [], { maxBatchBytes: 90 });
    const { givenUp, acknowledged } = await sendAll(leader, 100);
    expect(givenUp).toEqual([]);
    expect(acknowledged.map(({ value }) => value)).toEqual(inOrder(100, 1, 0));
    expect(leader.log(0)).toEqual(inOrder(100, 1, 0));
    const strict = new FakeLeader(1, [], { refuses: '17' });
    const refused = await sendAll(strict, 40);
    expect(refused.givenUp).toContain('17');
    expect([...strict.log(0), ...refused.givenUp].sort()).toEqual(inOrder(40, 1, 0).sort());
  });

  it('gives up what is not acknowledged in time, and what comes later goes under another id', async () => {
    const leader = new FakeLeader(1, ['never answered']);
    const { givenUp, acknowledged, dead } = await sendAll(leader, 60, { deliveryTimeoutMs: 200_000 });
    expect(dead).toBeNull();
    expect(givenUp.length).toBeGreaterThan(0);
    expect(acknowledged.length + givenUp.length).toBe(60);
    const later = acknowledged.map(({ value }) => value);
    expect(leader.log(0).filter((value) => later.includes(value))).toEqual(later);
  });

  it('ends when it has no right to write', async () => {
    const { dead } = await sendAll(new FakeLeader(1, ['no right']), 5);
    expect(dead).toMatchObject({ code: 'kafka' });
  });
});
