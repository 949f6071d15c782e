import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { EVENT_KINDS } from '../../../core/rating-event.ts';
import { createRecommender } from '../../../recommender/recommender.ts';
import { followJournals } from '../../helpers/journal-twin.ts';
import {
  decodeTold,
  type LearnerHarness,
  type Log,
  MODEL,
  recordThat,
  removeFolders,
  startLearner,
  type Told,
} from '../../helpers/learner-harness.ts';

afterEach(removeFolders);

const PARTITIONS = 3;

/** Few users and films, so that opinions change; ids that repeat; bytes that are none; gaps in the offsets. */
const told = fc.record({
  kind: fc.constantFrom(...EVENT_KINDS, 'RATED', 'RATED', 'RATED', 'bad', 'foreign') as fc.Arbitrary<
    Told['kind']
  >,
  id: fc.integer({ min: 1, max: 60 }),
  user: fc.integer({ min: 0, max: 3 }),
  movieId: fc.integer({ min: 1, max: 8 }),
  halfStars: fc.integer({ min: 0, max: 10 }),
  gap: fc.constantFrom(0, 0, 0, 2),
});

const logs = fc
  .array(fc.array(told, { maxLength: 40 }), { minLength: PARTITIONS, maxLength: PARTITIONS })
  .map((partitions): Log => {
    const log: Log = new Map();
    partitions.forEach((records, partition) => {
      let offset = 0;
      log.set(
        partition,
        records.map(({ kind, id, user, movieId, halfStars, gap }) => {
          offset += 1 + gap;
          // a person's events share a partition
          const userId = 1 + user * PARTITIONS + partition;
          return recordThat(offset - 1, { kind, id, userId, movieId, rating: halfStars / 2 });
        }),
      );
    });
    return log;
  });

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        what: fc.constant('deliver' as const),
        partition: fc.nat(PARTITIONS - 1),
        max: fc.integer({ min: 1, max: 15 }),
        turns: fc.nat(4),
      }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('kill' as const, 'stop' as const) }) },
  ),
  { maxLength: 40 },
);

async function live(log: Log, script: typeof steps extends fc.Arbitrary<infer S> ? S : never, seed: number) {
  const options = { snapshotRecords: 25 };
  let lives = 1;
  let harness: LearnerHarness = await startLearner(log, { options, seed });
  for (const step of script) {
    if (step.what === 'deliver') {
      harness.reader.deliver(step.max, step.partition);
      await harness.settle(step.turns);
      continue;
    }
    const { folder } = harness;
    if (step.what === 'stop') await harness.learner.stop();
    const next = step.what === 'stop' ? folder : await harness.kill();
    lives += 1;
    harness = await startLearner(log, { options, seed: seed + lives, folder: next });
  }
  await harness.learnAll();
  return harness;
}

/** user -> film -> what stands, by everything in the order of its partition */
function opinionsOf(log: Log, model: LearnerHarness['learner']['model']) {
  const users = new Set(
    [...log.values()].flat().map(({ value }) => (JSON.parse(value!.toString()) as Told).userId),
  );
  return [...users]
    .sort((a, b) => a - b)
    .map((user) => [user, model.opinions(user).sort((a, b) => a.movieId - b.movieId)]);
}

/** The same by the definition: partition by partition, an id counts once. */
function plainly(log: Log) {
  const plain = createRecommender(MODEL);
  const decode = decodeTold();
  for (const records of log.values()) {
    const seen = new Set<string>();
    for (const { value } of records) {
      const { event } = decode(value);
      if (!event || event.kind === 'CANARY') continue;
      const id = Buffer.from(event.eventId).toString('hex');
      if (!seen.has(id)) plain.apply(event);
      seen.add(id);
    }
  }
  return plain;
}

describe('a learner over any order of arrival, killed and stopped at any moment', () => {
  it('has the state that the journal gives without interruption, and the opinions that the log gives', async () => {
    await fc.assert(
      fc.asyncProperty(logs, steps, fc.nat(1_000_000), async (log, script, seed) => {
        const { learner, folder, hash } = await live(log, script, seed);
        expect(opinionsOf(log, learner.model)).toEqual(opinionsOf(log, plainly(log)));
        await learner.stop();
        // not before: until then it may still replay, which the journal says and the hash would not
        const found = hash();
        const twin = followJournals(folder, log, MODEL, decodeTold());
        expect(found).toBe(twin.hash);
        expect(twin.differentSnapshots).toEqual([]);
        removeFolders();
      }),
      // a failure that takes time to shrink would be a time-out without a seed
      { numRuns: 30, interruptAfterTimeLimit: 45_000, markInterruptAsFailure: true, endOnFailure: true },
    );
  }, 60_000);
});
