import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  decodeJournal,
  encodeBegin,
  encodeEntry,
  type JournalEntry,
} from '../../../consumers/learner/journal-codec.ts';
import { continueJournal, createJournal, readJournal } from '../../../consumers/learner/journal-file.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../consumers/learner/snapshot-codec.ts';
import { readSnapshotFile, writeSnapshotFile } from '../../../consumers/learner/snapshot-file.ts';
import { openStateFolder } from '../../../consumers/learner/state-folder.ts';
import { silentLogger } from '../../../core/logger.ts';
import { removeFolders, temporaryFolder } from '../../helpers/learner-harness.ts';

afterEach(removeFolders);

const offset = fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 45 + 7);
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const entry: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({
    kind: fc.constant('run' as const),
    partition: fc.integer({ min: 0, max: 65_535 }),
    first: offset,
    next: offset,
    fingerprint: uint32,
  }),
  fc.record({ kind: fc.constant('replay' as const), rounds: uint32 }),
  fc.record({ kind: fc.constant('unknown_schema' as const), schemaId: uint32 }),
);
const bytesOf = (seq: number, entries: readonly JournalEntry[]) =>
  Buffer.concat([encodeBegin(seq), ...entries.map((one, i) => encodeEntry(seq, i + 1, one))]);

describe('a journal', () => {
  it('gives back what was written, and nothing of what was torn off', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), fc.nat(), fc.nat(99), (entries, where, seq) => {
        const bytes = bytesOf(seq, entries);
        const whole = decodeJournal(bytes, seq);
        expect(whole).toEqual({ entries, wholeBytes: bytes.length });
        const cut = where % bytes.length;
        const left = decodeJournal(bytes.subarray(0, cut), seq);
        expect(left.wholeBytes).toBe(Math.floor(cut / 32) * 32);
        expect(left.entries).toEqual(entries.slice(0, Math.max(0, Math.floor(cut / 32) - 1)));
      }),
    );
  });

  it('ends before an entry in which one bit is another one, and takes none of another journal', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 10 }), fc.nat(), (entries, where) => {
        const bytes = bytesOf(3, entries);
        const bit = where % (bytes.length * 8);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(decodeJournal(bytes, 3).entries.length).toBeLessThanOrEqual(Math.max(0, (bit >> 8) - 1));
        expect(decodeJournal(bytesOf(4, entries), 3)).toEqual({ entries: [], wholeBytes: 0 });
      }),
    );
  });

  it('goes on behind a torn tail', async () => {
    const path = join(temporaryFolder(), 'journal-5');
    const first = createJournal(path, 5);
    first.append({ kind: 'replay', rounds: 1 });
    await first.end();
    appendFileSync(path, 'half an entry');
    const second = continueJournal(path, 5, readJournal(path, 5)!);
    second.append({ kind: 'replay', rounds: 2 });
    await second.end();
    expect(readJournal(path, 5)!.entries).toEqual([
      { kind: 'replay', rounds: 1 },
      { kind: 'replay', rounds: 2 },
    ]);
    expect(readJournal(`${path}0`, 50)).toBeNull();
  });
});

const arrays = [
  { name: 'a', array: Float64Array.of(1.5, Number.NaN) },
  { name: 'b', array: Uint8Array.of(1, 2, 3) },
  { name: 'c', array: Uint16Array.of() },
  { name: 'd', array: Int32Array.of(-1, 2 ** 31 - 1) },
];
const meta = { positions: [1, 2], text: 'ü' };

async function written(path: string): Promise<Buffer> {
  const bytes = await writeSnapshotFile(path, encodeSnapshot(meta, arrays));
  const file = readFileSync(path);
  expect(file.length).toBe(bytes);
  return file;
}

describe('a snapshot', () => {
  it('gives back what was written and leaves nothing else behind', async () => {
    const folder = temporaryFolder();
    await written(join(folder, 'snapshot-1'));
    expect(await readSnapshotFile(join(folder, 'snapshot-1'))).toEqual({ meta, arrays });
    expect(readdirSync(folder)).toEqual(['snapshot-1']);
  });

  it('is refused when a byte is missing or another one', async () => {
    const bytes = await written(join(temporaryFolder(), 'snapshot-1'));
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x10;
      for (const broken of [changed, Buffer.from(bytes.subarray(0, at))]) {
        expect(() => decodeSnapshot(broken)).toThrow(/not a whole snapshot/);
      }
    }
  });
});

describe('the folder of a recommender', () => {
  async function folderWith(...seqs: number[]) {
    const path = temporaryFolder();
    const folder = openStateFolder(path, silentLogger);
    for (const seq of seqs) {
      await folder.writeSnapshot(seq, encodeSnapshot({ seq }, arrays));
      const journal = folder.beginJournal(seq);
      journal.append({ kind: 'replay', rounds: seq });
      await journal.end();
    }
    return { path, folder };
  }

  it('is empty at first', async () => {
    const { folder } = await folderWith();
    expect(await folder.find()).toBeNull();
    expect(folder.nextSeq()).toBe(0);
  });

  it('takes the newest snapshot and what followed it', async () => {
    const { folder } = await folderWith(3, 4);
    const found = (await folder.find<{ seq: number }>())!;
    expect(found).toMatchObject({ seq: 4, entries: [{ rounds: 4 }], snapshot: { meta: { seq: 4 } } });
    expect(folder.nextSeq()).toBe(5);
  });

  it('passes over a torn one for the one before, whose journals lead to the same place and on', async () => {
    const { path, folder } = await folderWith(3, 4);
    truncateSync(join(path, 'snapshot-4'), 50);
    const found = (await folder.find())!;
    expect(found).toMatchObject({ seq: 3, entries: [{ rounds: 3 }, { rounds: 4 }], journal: { seq: 4 } });
    expect(existsSync(join(path, 'snapshot-4.torn'))).toBe(true);
    // and once more, the same
    expect((await folder.find())!).toMatchObject({ seq: 3, entries: [{ rounds: 3 }, { rounds: 4 }] });
  });

  it('refuses when none is whole: to begin anew is for a person to say', async () => {
    const { path, folder } = await folderWith(3, 4);
    writeFileSync(join(path, 'snapshot-3'), 'RSLEARN1');
    truncateSync(join(path, 'snapshot-4'), 50);
    await expect(folder.find()).rejects.toThrow(/--from-start/);
    await expect(folder.find()).rejects.toThrow(/--from-start/);
  });

  it('keeps the newest and what belongs to them', async () => {
    const { path, folder } = await folderWith(1, 2, 3);
    folder.keepNewest(2);
    expect(readdirSync(path).sort()).toEqual(['journal-2', 'journal-3', 'snapshot-2', 'snapshot-3']);
  });
});
