import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readStretches } from '../../catalog/csv-records.ts';
import { createFindings, type JournalEntry } from '../../catalog/findings.ts';
import { readSources } from '../../catalog/read-sources.ts';
import type { Role } from '../../catalog/source-files.ts';
import { createChance } from '../../core/chance.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { projectRoot } from '../../runtime/environment.ts';

/** A failing file is made again from its number alone. */
const chance = createChance(2_000, 'spoilt files');
const FILES = 2_000;
/** of work; a shared machine may give it a tenth of its time */
const TIMEOUT_MS = 120_000;

const head = (path: string, rows: number) =>
  readFileSync(join(projectRoot, 'data', path), 'utf8')
    .split('\n')
    .slice(0, rows + 1)
    .join('\n');
const HONEST: Readonly<Record<Role, string>> = {
  metadata: head('the-movies-dataset/movies_metadata.csv', 14),
  movies: head('ml-latest-small/movies.csv', 25),
  links: head('ml-latest-small/links.csv', 25),
  cpi: head('cpi/CPIAUCSL.csv', 25),
};

/** Every way to spoil a file; `below(bound)` draws. */
type Spoil = (bytes: Buffer, below: (bound: number) => number) => Buffer;
const insert = (bytes: Buffer, at: number, what: Buffer) =>
  Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)]);
const overLines = (bytes: Buffer, change: (lines: string[]) => string[]) =>
  Buffer.from(change(bytes.toString('latin1').split('\n')).join('\n'), 'latin1');

const SPOILS: Readonly<Record<string, Spoil>> = {
  cutEnd: (bytes, below) => bytes.subarray(0, below(bytes.length)),
  cutMiddle(bytes, below) {
    const at = below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(400))]);
  },
  shuffleColumns: (bytes, below) =>
    overLines(bytes, (lines) => {
      const by = 1 + below(3);
      return lines.map((line) => {
        const cells = line.split(',');
        return [...cells.slice(by), ...cells.slice(0, by)].join(',');
      });
    }),
  badEncoding: (bytes, below) => insert(bytes, below(bytes.length), Buffer.from([0xff, 0xfe, 0xe9, 0xc3])),
  latin1: (bytes) => Buffer.from(bytes.toString('utf8'), 'latin1'),
  utf16: (bytes) => Buffer.from(`\ufeff${bytes.toString('utf8')}`, 'utf16le'),
  hugeField: (bytes, below) =>
    insert(bytes, below(bytes.length), Buffer.alloc(below(10) === 0 ? 1_200_000 : 20_000, 'x')),
  nul: (bytes, below) => insert(bytes, below(bytes.length), Buffer.alloc(1 + below(5))),
  strayQuote: (bytes, below) => insert(bytes, below(bytes.length), Buffer.from('"')),
  lineEnd: (bytes, below) => insert(bytes, below(bytes.length), Buffer.from(['\n', '\r', '\r\n'][below(3)]!)),
  carriageReturns: (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
  randomBytes(bytes, below) {
    const spoilt = Buffer.from(bytes);
    for (let i = 0; i < 20; i++) spoilt[below(spoilt.length)] = below(256);
    return spoilt;
  },
  repeatLines: (bytes, below) =>
    overLines(bytes, (lines) => lines.flatMap((line) => (below(4) === 0 ? [line, line] : [line]))),
  nothing: (bytes) => bytes,
};

function spoilt(n: number): { role: Role; bytes: Buffer; how: string } {
  let draw = 0;
  const below = (bound: number) => chance.below(n, Math.max(1, bound), draw++);
  const roles = Object.keys(HONEST) as Role[];
  const role = roles[below(roles.length)]!;
  const names = Object.keys(SPOILS);
  const how = Array.from({ length: 1 + below(3) }, () => names[below(names.length)]!);
  const bytes = how.reduce<Buffer>((sofar, name) => SPOILS[name]!(sofar, below), Buffer.from(HONEST[role]));
  return { role, bytes, how: how.join(', ') };
}

async function readOne(role: Role, bytes: Buffer, n: number) {
  const journal: JournalEntry[] = [];
  const findings = createFindings((entry) => journal.push(entry));
  const chunk = [11, 1_000, 4_096, 65_536][n % 4]!;
  async function* chunks() {
    const size = bytes.length > 50_000 ? 65_536 : chunk;
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const file = { path: 'x.csv', bytes: bytes.length, open: async () => Readable.from(chunks()) };
  const sources = await readSources([{ role, name: 'x.csv', file, address: 'x', revision: null }], {
    findings,
  });
  return { sources, findings, journal };
}

/** What stands in the file, counted without the reader of rows: records and lines that are none, but for the header. */
async function unitsIn(bytes: Buffer): Promise<number> {
  let units = 0;
  for await (const _ of readStretches(Readable.from([bytes]))) units += 1;
  return units - 1;
}

describe(`${FILES} spoilt files`, () => {
  it(
    'never crash the reader, and no row is lost silently',
    async () => {
      const outcomes = { read: 0, refused: 0, quarantined: 0, blanked: 0, dropped: 0 };
      for (let n = 0; n < FILES; n++) {
        const { role, bytes, how } = spoilt(n);
        const name = `file ${n}: ${role}, ${how}`;
        try {
          const { findings, journal, sources } = await readOne(role, bytes, n);
          findings.requireBalance();
          expect(findings.count('read'), name).toBe(await unitsIn(bytes));
          const inJournal = (outcome: string) => journal.filter((entry) => entry.outcome === outcome).length;
          expect(inJournal('quarantined'), name).toBe(findings.count('quarantined'));
          expect(inJournal('dropped'), name).toBe(findings.count('dropped'));
          expect(
            journal.every(({ outcome, bytes: kept }) => outcome !== 'quarantined' || kept),
            name,
          ).toBe(true);
          const kept = {
            metadata: sources.facts.size,
            movies: sources.movieLens.size,
            links: sources.links.size,
          };
          if (role !== 'cpi') expect(kept[role], name).toBe(findings.count('loaded'));
          outcomes.read += 1;
          for (const outcome of ['quarantined', 'blanked', 'dropped'] as const)
            outcomes[outcome] += findings.count(outcome);
        } catch (error) {
          if (!(error instanceof ReelstreamError) || error.code !== 'bad_data')
            throw new Error(name, { cause: error });
          expect(error.message, name).toMatch(/header|empty|UTF-16/);
          outcomes.refused += 1;
        }
      }
      // the spoiling must have spoilt
      expect(outcomes.read).toBeGreaterThan(FILES / 2);
      expect(outcomes.refused).toBeGreaterThan(FILES / 20);
      for (const outcome of ['quarantined', 'blanked', 'dropped'] as const)
        expect(outcomes[outcome], outcome).toBeGreaterThan(FILES / 20);
    },
    TIMEOUT_MS,
  );

  it('lose at most the rows that were touched', async () => {
    const rows = HONEST.metadata.split('\n').length - 1;
    const lines = HONEST.metadata.split('\n');
    for (const [what, change] of [
      ['an open quote', (line: string) => line.replace(/,/, ',"')],
      ['a cut row', (line: string) => line.slice(0, line.length / 2)],
      ['bytes that are no text', (line: string) => `${line}\u0000,,`],
    ] as const) {
      const bad = lines.map((line, i) => (i === 10 ? change(line) : line)).join('\n');
      const { findings } = await readOne('metadata', Buffer.from(bad), 3);
      expect(findings.count('loaded'), what).toBe(rows - 1);
      expect(findings.count('quarantined'), what).toBeGreaterThan(0);
    }
  });
});
