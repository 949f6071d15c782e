import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLedgers } from '../../../producer/ledger/find-ledgers.ts';
import { encodeFrame, FILE_MAGIC, readFrame } from '../../../producer/ledger/frame.ts';
import { type LedgerFooter, type LedgerHeader, ledgerFileOf } from '../../../producer/ledger/ledger.ts';
import { readLedger } from '../../../producer/ledger/ledger-reader.ts';
import { openLedgerWriter } from '../../../producer/ledger/ledger-writer.ts';
import { footerOf, headerOf } from './fixture.ts';

let folder: string;
let files = 0;
const freshPath = () => join(folder, `ledger-${++files}`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-ledger-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Statement =
  | { readonly kind: 'fault'; readonly n: number; readonly label: string; readonly copies: number }
  | { readonly kind: 'overloaded'; readonly n: number }
  | { readonly kind: 'checkpoint'; readonly next: number; readonly failed: readonly number[] };

async function write(
  path: string,
  header: LedgerHeader,
  statements: readonly Statement[],
  footer: LedgerFooter | null,
): Promise<string> {
  const writer = await openLedgerWriter(path, header);
  for (const statement of statements) {
    if (statement.kind === 'fault') writer.fault(statement.n, statement.label, statement.copies);
    else if (statement.kind === 'overloaded') writer.overloaded(statement.n);
    else await writer.checkpoint(statement.next, statement.failed);
  }
  await writer.close(footer ?? footerOf());
  const file = ledgerFileOf(path, header.worker, header.workers);
  if (footer === null) cutFooter(file);
  return file;
}

/** As a killed run leaves it. */
function cutFooter(file: string): void {
  const frame = encodeFrame('footer', Buffer.from(JSON.stringify(footerOf())));
  truncateSync(file, statSync(file).size - frame.length);
}

/** What a reader is told, per kind in order: only that is promised. */
async function read(path: string) {
  const faults: Statement[] = [];
  const overloaded: number[] = [];
  const checkpoints: Statement[] = [];
  const ending = await readLedger(path, ({ workers }) => ({
    onFault: (n, label, copies) => void faults.push({ kind: 'fault', n, label, copies }),
    onOverloaded(first, count) {
      for (let i = 0; i < count; i++) overloaded.push(first + i * workers);
    },
    onCheckpoint: (next, failed) => void checkpoints.push({ kind: 'checkpoint', next, failed }),
  }));
  return { ...ending, faults, overloaded, checkpoints };
}

const anyNumbers = (max: number) =>
  fc.uniqueArray(fc.nat({ max }), { maxLength: 40 }).map((numbers) => numbers.sort((a, b) => a - b));

/** Any order of the three kinds, each rising in itself. */
const anyStatements = fc
  .record({
    faults: anyNumbers(2 ** 45),
    overloaded: anyNumbers(5_000),
    nexts: fc.array(fc.nat({ max: 2 ** 45 }), { maxLength: 10 }),
    failed: anyNumbers(2 ** 45),
    labels: fc.array(fc.constantFrom('late', 'duplicate', 'poison/no_magic', 'domain/é'), { minLength: 1 }),
    copies: fc.array(fc.nat({ max: 300 }), { minLength: 1 }),
    order: fc.infiniteStream(fc.nat({ max: 2 })),
  })
  .map(({ faults, overloaded, nexts, failed, labels, copies, order }): Statement[] => {
    const queues: Statement[][] = [
      faults.map((n, i) => ({
        kind: 'fault',
        n,
        label: labels[i % labels.length]!,
        copies: copies[i % copies.length]!,
      })),
      overloaded.map((n) => ({ kind: 'overloaded', n })),
      nexts.sort((a, b) => a - b).map((next) => ({ kind: 'checkpoint', next, failed })),
    ];
    const merged: Statement[] = [];
    for (const choice of order) {
      const left = queues.filter((queue) => queue.length > 0);
      if (left.length === 0) break;
      merged.push(left[choice % left.length]!.shift()!);
    }
    return merged;
  });

describe('ledger', () => {
  it('says what was written into it', async () => {
    await fc.assert(
      fc.asyncProperty(anyStatements, fc.integer({ min: 1, max: 3 }), async (statements, workers) => {
        const path = freshPath();
        const header = { ...headerOf(), workers, worker: workers - 1 };
        const file = await write(path, header, statements, footerOf());
        const found = await read(file);
        const of = (kind: Statement['kind']) => statements.filter((statement) => statement.kind === kind);
        expect(found).toMatchObject({ header, footer: footerOf(), tornBytes: 0 });
        expect(found.faults).toEqual(of('fault'));
        expect(found.overloaded).toEqual(of('overloaded').map((one) => 'n' in one && one.n));
        expect(found.checkpoints).toEqual(of('checkpoint'));
      }),
      { numRuns: 60 },
    );
  });

  it('writes nothing about events that went as planned, and few bytes about the others', async () => {
    const path = freshPath();
    const writer = await openLedgerWriter(path, headerOf());
    const before = statSync(path).size;
    for (let second = 1; second <= 20; second++) await writer.checkpoint(second * 10_000, []);
    const clean = (statSync(path).size - before) / 200_000;
    for (let n = 200_000; n < 300_000; n += 100) writer.fault(n, 'duplicate', 2);
    await writer.checkpoint(300_000, []);
    const perFault = (statSync(path).size - before - clean * 200_000) / 1_000;
    console.log(`ledger: ${clean.toFixed(4)} bytes per clean event, ${perFault.toFixed(2)} per fault`);
    expect(clean).toBeLessThan(0.1);
    expect(perFault).toBeLessThan(6);
    await writer.close(footerOf());
  });

  it('keeps any number of failures', async () => {
    const path = freshPath();
    const failed = Array.from({ length: 35_000 }, (_, i) => i * 3);
    await write(path, headerOf(), [{ kind: 'checkpoint', next: 200_000, failed }], footerOf());
    const { checkpoints } = await read(path);
    expect(checkpoints.flatMap((one) => (one.kind === 'checkpoint' ? one.failed : []))).toEqual(failed);
    expect(checkpoints.at(-1)).toMatchObject({ next: 200_000 });
    expect(checkpoints.slice(0, -1).every((one) => one.kind === 'checkpoint' && one.next === 0)).toBe(true);
  });

  it('refuses numbers that do not rise: the event would count twice', async () => {
    const writer = await openLedgerWriter(freshPath(), headerOf());
    writer.fault(5, 'late', 0);
    writer.overloaded(6);
    await writer.checkpoint(7, []);
    expect(() => writer.fault(5, 'late', 0)).toThrow(RangeError);
    expect(() => writer.fault(Number.NaN, 'late', 0)).toThrow(RangeError);
    expect(() => writer.overloaded(6)).toThrow(RangeError);
    await expect(async () => writer.checkpoint(6, [])).rejects.toThrow(RangeError);
    await writer.close(footerOf());
  });

  it('never overwrites a ledger, of one worker or of several', async () => {
    const [single, several] = [freshPath(), freshPath()];
    await write(single, headerOf(), [], footerOf());
    await write(several, { ...headerOf(), workers: 2 }, [], footerOf());
    const refused = { code: 'usage' };
    await expect(openLedgerWriter(single, headerOf())).rejects.toMatchObject(refused);
    await expect(openLedgerWriter(single, { ...headerOf(), workers: 2 })).rejects.toMatchObject(refused);
    await expect(openLedgerWriter(several, headerOf())).rejects.toMatchObject(refused);
    await expect(openLedgerWriter(several, { ...headerOf(), workers: 2 })).rejects.toMatchObject(refused);
    await expect(openLedgerWriter(join(folder, 'none', 'x'), headerOf())).rejects.toMatchObject(refused);
    expect((await read(single)).tornBytes).toBe(0);
  });

  it('is found whole or not at all', async () => {
    const [single, several] = [freshPath(), freshPath()];
    await write(single, headerOf(), [], null);
    expect(await findLedgers(single)).toEqual([single]);
    for (const worker of [0, 2]) await write(several, { ...headerOf(), workers: 3, worker }, [], null);
    await expect(findLedgers(several)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`${several}.1`),
    });
    await write(several, { ...headerOf(), workers: 3, worker: 1 }, [], null);
    expect(await findLedgers(several)).toEqual([0, 1, 2].map((worker) => `${several}.${worker}`));
    await expect(findLedgers(freshPath())).rejects.toMatchObject({ code: 'usage' });
  });

  it('tells other files apart', async () => {
    const path = freshPath();
    for (const content of ['', 'reelstream ledger 2\nwhatever', 'userId,movieId,rating,timestamp\n1,2,3,4']) {
      writeFileSync(path, content);
      await expect(read(path)).rejects.toMatchObject({ code: 'usage' });
    }
    await expect(read(folder)).rejects.toMatchObject({ code: 'usage' });
    await expect(read(freshPath())).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a damaged ledger', () => {
  const statements: Statement[] = [
    { kind: 'fault', n: 3, label: 'late', copies: 0 },
    { kind: 'checkpoint', next: 10, failed: [4] },
    { kind: 'fault', n: 12, label: 'duplicate', copies: 2 },
    { kind: 'overloaded', n: 13 },
    { kind: 'checkpoint', next: 20, failed: [] },
  ];

  async function written(footer: LedgerFooter | null) {
    const path = freshPath();
    await write(path, headerOf(), statements, footer);
    const bytes = readFileSync(path);
    const frames: number[] = [];
    for (let at = FILE_MAGIC.length; at < bytes.length; ) {
      frames.push(at);
      const frame = readFrame(bytes, at);
      if (typeof frame === 'string') throw new Error('the test cannot read its own ledger');
      at = frame.end;
    }
    return { bytes, frames };
  }

  it('torn at any byte of its last write says everything before', async () => {
    const { bytes, frames } = await written(null);
    const last = frames.at(-1)!;
    for (let size = last + 1; size < bytes.length; size++) {
      const path = freshPath();
      writeFileSync(path, bytes.subarray(0, size));
      const found = await read(path);
      expect(found).toMatchObject({ trustedBytes: last, tornBytes: size - last, footer: null });
      expect(found.checkpoints).toEqual([statements[1]]);
      expect(found.faults).toEqual([statements[0], statements[2]]);
    }
  });

  it('whose last write was filled with zeros or with noise is torn as well', async () => {
    const { bytes, frames } = await written(footerOf());
    for (const filling of [Buffer.alloc(5_000), Buffer.from('x'.repeat(5_000))]) {
      const path = freshPath();
      writeFileSync(path, Buffer.concat([bytes.subarray(0, frames.at(-1)), filling]));
      expect(await read(path)).toMatchObject({ tornBytes: 5_000, footer: null });
    }
  });

  it('torn within its header says so', async () => {
    const { bytes, frames } = await written(null);
    for (let size = FILE_MAGIC.length; size < frames[1]!; size += 7) {
      const path = freshPath();
      writeFileSync(path, bytes.subarray(0, size));
      await expect(read(path)).rejects.toMatchObject({ code: 'bad_data' });
    }
  });

  it('with any bit flipped in its middle is refused, at the right offset', async () => {
    const { bytes, frames } = await written(footerOf());
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: frames.at(-1)! - 1 - FILE_MAGIC.length }),
        fc.nat(7),
        async (at, bit) => {
          const position = FILE_MAGIC.length + at;
          const path = freshPath();
          const flipped = Buffer.from(bytes);
          flipped[position]! ^= 1 << bit;
          writeFileSync(path, flipped);
          const offset = frames.findLast((start) => start <= position)!;
          await expect(read(path)).rejects.toMatchObject({ code: 'bad_data', details: { offset } });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('with a bit flipped in its last frame does not trust that frame', async () => {
    const { bytes, frames } = await written(footerOf());
    const last = frames.at(-1)!;
    for (let position = last; position < bytes.length; position++) {
      const path = freshPath();
      const flipped = Buffer.from(bytes);
      flipped[position]! ^= 1 << (position % 8);
      writeFileSync(path, flipped);
      expect(await read(path)).toMatchObject({ trustedBytes: last, footer: null });
    }
  });

  it('of megabytes of noise is no torn tail', async () => {
    const { bytes } = await written(null);
    const path = freshPath();
    writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(9 << 20)]));
    await expect(read(path)).rejects.toMatchObject({ code: 'bad_data', details: { offset: bytes.length } });
  });
});
