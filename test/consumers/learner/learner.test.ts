import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createJournal } from '../../../consumers/learner/journal-file.ts';
import { systemClock } from '../../../core/clock.ts';
import { followJournals } from '../../helpers/journal-twin.ts';
import {
  decodeTold,
  type HarnessOptions,
  type Log,
  MODEL,
  recordThat,
  removeFolders,
  startLearner,
} from '../../helpers/learner-harness.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

afterEach(removeFolders);

/** `count` ratings in each of two partitions. */
function logOf(count: number): Log {
  const records = (partition: number) =>
    Array.from({ length: count }, (_, i) =>
      recordThat(i, {
        id: i * 2 + partition,
        userId: 1 + ((i * 2) % 20) + partition,
        movieId: 1 + ((i * 7) % 31),
        rating: (i % 11) / 2,
      }),
    );
  return new Map([
    [0, records(0)],
    [1, records(1)],
  ]);
}

async function learned(log: Log, options: HarnessOptions = {}) {
  const harness = await startLearner(log, options);
  await harness.learnAll();
  return harness;
}

async function stopped(log: Log): Promise<string> {
  const { learner, folder } = await learned(log);
  await learner.stop();
  return folder;
}

describe('a learner', () => {
  it('is ready once it has learned what the log held', async () => {
    const log = logOf(50);
    const harness = await startLearner(log);
    expect(harness.learner.notReady().join()).toMatch(/catching up/);
    // it knows nothing yet: silence is better than saying that nobody is there
    expect(harness.learner.readiness()).toBe('no');
    const waiting = harness.learner.reached(1, 49, 60_000);
    await harness.learnAll();
    expect(await waiting).toBe(true);
    expect(harness.learner.notReady()).toEqual([]);
    expect(harness.learner.readiness()).toBe('yes');
    expect(harness.learner.positions()).toEqual(
      new Map([
        [0, 50],
        [1, 50],
      ]),
    );
    expect(harness.reader.committed.size).toBeGreaterThan(0);
    await harness.learner.stop();
  });

  it('may be asked while it catches up with what came in the meantime, but not before it stands where it stood', async () => {
    const log = logOf(50);
    const killed = await (await learned(log)).kill();
    for (let n = 50; n < 90; n++) log.get(0)!.push(recordThat(n, { userId: n }));
    const { learner, reader, settle, learnAll } = await startLearner(log, { folder: killed });
    expect(learner.status().following).toBeGreaterThan(0);
    expect(learner.readiness()).toBe('no');
    await waitUntil('the journal is followed', 10_000, async () => {
      reader.deliver(10);
      await settle(1);
      return learner.status().following === 0;
    });
    expect(learner.readiness()).toBe('behind');
    expect(learner.notReady()).toEqual(['catching up']);
    await learnAll();
    expect(learner.readiness()).toBe('yes');
    await learner.stop();
  });

  it('goes over old ratings while nothing waits, and writes that down', async () => {
    const log = logOf(40);
    const { learner, folder, hash, settle } = await learned(log);
    await waitUntil('all replay is done', 10_000, async () => {
      await settle();
      return learner.status().replayRoundsDue === 0;
    });
    expect(learner.status().counts.replayRounds).toBeGreaterThan(10);
    const found = hash();
    await learner.stop();
    expect(followJournals(folder, log, MODEL, decodeTold()).hash).toBe(found);
  });

  it('goes on by itself as long as there is something to learn', async () => {
    const log = logOf(20_000);
    const { learner, reader, settle } = await startLearner(log, { clock: systemClock });
    await settle();
    reader.deliver(20_000);
    // were it not to wake itself, it would learn for two milliseconds in every second: for minutes
    await waitUntil('all of it is learned', 20_000, () => learner.status().counts.consumed === 40_000);
    await learner.stop();
  }, 60_000);

  it('keeps learning of other partitions while the registry is asked', async () => {
    let answer: (schema: string | null) => void = () => {};
    const registry = () =>
      new Promise<string | null>((resolve) => {
        answer = resolve;
      });
    const log = logOf(20);
    log.get(0)![5] = recordThat(5, { kind: 'foreign' });
    const { learner, reader, settle, learnAll } = await startLearner(log, { registry });
    for (let i = 0; i < 10; i++) {
      reader.deliver();
      await settle();
    }
    expect(learner.status().partitions.map(({ position }) => position)).toEqual([5, 20]);
    expect(learner.notReady().join()).toMatch(/partition 0 waits for the schema registry/);
    answer(null);
    await learnAll();
    expect(learner.status().counts).toMatchObject({ consumed: 40, applied: 39, deadLettered: 1 });
    await learner.stop();
  });

  it('takes the snapshot before a torn one, and has the same state', async () => {
    const log = logOf(200);
    const { learner, folder, hash } = await learned(log, {
      options: { snapshotRecords: 100, replayShare: 0 },
    });
    const found = hash();
    await learner.stop();
    const newest = readdirSync(folder)
      .filter((name) => name.startsWith('snapshot'))
      .sort((a, b) => Number(a.split('-')[1]) - Number(b.split('-')[1]))
      .at(-1)!;
    truncateSync(join(folder, newest), 1_000);
    const again = await learned(log, { folder, options: { replayShare: 0 } });
    expect(again.hash()).toBe(found);
    expect(again.learner.status().counts.consumed).toBeGreaterThan(0);
    await again.learner.stop();
  });

  it('has equal opinions when the tail of its journal is lost, wherever', async () => {
    const log = logOf(60);
    const { learner, kill } = await learned(log);
    const opinions = (one: typeof learner) =>
      Array.from({ length: 21 }, (_, user) => one.model.opinions(user).sort((a, b) => a.movieId - b.movieId));
    const expected = opinions(learner);
    const folder = await kill();
    for (let length = 32 * 9; length >= 0; length -= 41) {
      truncateSync(join(folder, 'journal-0'), length);
      const again = await learned(log, { folder, seed: length });
      expect(opinions(again.learner)).toEqual(expected);
      await again.kill();
      truncateSync(join(folder, 'journal-0'), length);
      for (const name of readdirSync(folder)) {
        if (name !== 'snapshot-0' && name !== 'journal-0') truncateSync(join(folder, name), 0);
      }
    }
  });

  it('learns in order of arrival behind a gap in the journals', async () => {
    const log = logOf(200);
    const { kill, learner } = await learned(log, { options: { snapshotRecords: 100, replayShare: 0 } });
    const opinions = (one: typeof learner) =>
      Array.from({ length: 21 }, (_, user) => one.model.opinions(user).sort((a, b) => a.movieId - b.movieId));
    const expected = opinions(learner);
    const folder = await kill();
    const names = readdirSync(folder);
    // a loss of power: the snapshots are torn, and so is the end of the first journal, not the next ones
    for (const name of names) if (/^snapshot-[1-9]/.test(name)) truncateSync(join(folder, name), 100);
    truncateSync(join(folder, 'journal-0'), 32 * 3);
    const options = { replayShare: 0 };
    const journals = names.filter((name) => name.startsWith('journal')).length;
    const again = await startLearner(log, { folder, options });
    // older than what was shown before: nobody may see it yet
    await waitUntil('what fits is followed', 10_000, async () => {
      again.reader.deliver(5);
      await again.settle(1);
      return again.learner.status().following === 0;
    });
    expect(again.learner.notReady()).toEqual(['catching up']);
    expect(again.learner.readiness()).toBe('no');
    await again.learnAll();
    expect(again.learner.readiness()).toBe('yes');
    expect(opinions(again.learner)).toEqual(expected);
    // what does not fit is left behind: a snapshot and a journal begin at once
    expect(again.learner.status().journal.seq).toBe(journals);
    const found = again.hash();
    await again.learner.stop();
    // from the snapshot that this made necessary, a restart is exact again
    const last = await learned(log, { folder, options });
    expect(last.hash()).toBe(found);
    await last.learner.stop();
  });
});

describe('a learner refuses', () => {
  const refusals: [what: string, harness: HarnessOptions, change: (log: Log) => void, message: RegExp][] = [
    [
      'a log that has lost what it needs',
      { logStart: 45 },
      () => {},
      /records 40 to 44 are gone .* --from-start/,
    ],
    ['another cluster', { clusterId: 'other' }, () => {}, /not from ratings of other.*--from-start/],
    ['a topic that ends earlier', {}, (log) => log.get(1)!.splice(10), /the log ends at 10.*--from-start/],
    [
      'a topic with other records',
      {},
      (log) =>
        log.set(
          1,
          log.get(1)!.map(({ offset }) => recordThat(offset, { movieId: 999 })),
        ),
      /record at offset 39 is not the one that was learned.*--from-start/,
    ],
    ['a topic with fewer partitions', {}, (log) => log.delete(1), /has 1 partitions, 2 were learned from/],
    ['a model with other settings', { model: { ...MODEL, seed: 99 } }, () => {}, /--from-start/],
  ];
  for (const [what, harness, change, message] of refusals) {
    it(`${what}, until it is told to begin anew`, async () => {
      const log = logOf(40);
      const folder = await stopped(log);
      for (const partition of log.keys()) {
        log
          .get(partition)!
          .push(...Array.from({ length: 10 }, (_, i) => recordThat(40 + i, { id: 500 + i })));
      }
      change(log);
      await expect(startLearner(log, { ...harness, folder })).rejects.toThrow(message);
      const anew = await startLearner(log, { ...harness, folder, fromStart: true });
      if (harness.logStart === undefined) await anew.learnAll();
      await anew.learner.stop();
      const again = await startLearner(log, { ...harness, folder });
      await again.learner.stop();
    });
  }

  it('a journal of other verdicts, and takes another limit of bytes from a clean stop on', async () => {
    const log = logOf(60);
    const living = await learned(log, { options: { replayShare: 0 } });
    const killed = await living.kill();
    // killed once more, when the next journal had begun and its snapshot was not there yet
    await createJournal(join(killed, 'journal-1'), 1).end();
    await expect(startLearner(log, { folder: killed, maxRecordBytes: 999 })).rejects.toThrow(
      /up to 1000 bytes, now they may have 999: start once with the setting of before/,
    );
    const again = await learned(log, { folder: killed, options: { replayShare: 0 } });
    expect(again.hash()).toBe(living.hash());
    await again.learner.stop();
    const changed = await learned(log, { folder: killed, maxRecordBytes: 999, options: { replayShare: 0 } });
    expect(changed.hash()).toBe(living.hash());
    // from here on 999 is what the journal was written with
    log.get(0)!.push(recordThat(60, { userId: 61 }));
    changed.reader.deliver();
    await changed.learnAll();
    const killedAgain = await changed.kill();
    await expect(startLearner(log, { folder: killedAgain })).rejects.toThrow(/up to 999 bytes/);
    const last = await learned(log, {
      folder: killedAgain,
      maxRecordBytes: 999,
      options: { replayShare: 0 },
    });
    expect(last.hash()).toBe(changed.hash());
    await last.learner.stop();
  });

  it('a journal that another log was written for', async () => {
    const log = logOf(40);
    const { kill } = await learned(log);
    const folder = await kill();
    log.set(
      0,
      log.get(0)!.map(({ offset }) => recordThat(offset, { movieId: 999 })),
    );
    const again = await startLearner(log, { folder });
    await expect(again.learnAll()).rejects.toThrow(/not the one in the journal/);
    await again.learner.stop();
  });

  it('a partition whose log is lost while it reads: the others go on', async () => {
    const log = logOf(40);
    const { learner, reader, settle } = await startLearner(log);
    reader.halt(0, 'the log no longer holds this');
    await settle();
    for (let i = 0; i < 20; i++) {
      reader.deliver();
      await settle();
    }
    expect(learner.notReady().join()).toMatch(/partition 0 halted: the log no longer holds this/);
    expect(learner.status().partitions[1]!.position).toBe(40);
    // half a log that was never known whole
    expect(learner.readiness()).toBe('no');
    await learner.stop();
  });

  it('a partition that is lost later: what is known stays known', async () => {
    const { learner, reader, settle } = await learned(logOf(40));
    expect(learner.readiness()).toBe('yes');
    reader.halt(0, 'the log no longer holds this');
    await settle();
    expect(learner.readiness()).toBe('behind');
    expect(learner.notReady()).toHaveLength(1);
    // as when the topic is gone, or gets more partitions
    reader.lose(0, 1);
    await settle();
    expect(learner.readiness()).toBe('behind');
    await learner.stop();
    expect(learner.readiness()).toBe('no');
  });
});
