import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFilmIndex } from '../../clickhouse/film-index.ts';
import {
  createRawRowWriter,
  KIND_VALUES,
  REASON_VALUES,
  VERDICT_VALUES,
} from '../../clickhouse/raw-row-writer.ts';
import type { LogRecord } from '../../core/log-record.ts';
import { EVENT_KINDS, type RatingEvent } from '../../core/rating-event.ts';
import {
  DEAD_LETTER_REASONS,
  DROP_REASONS,
  deadLetter,
  drop,
  type Judgement,
  OK,
  reasonOf,
} from '../../core/verdict.ts';

const films = createFilmIndex(3, [
  { movieId: 1, genreIds: [18, 35], companyIds: [4_000_000_000], releaseYear: 1995 },
  { movieId: 2, genreIds: [], companyIds: [7, 8, 9], releaseYear: 0 },
]);

/** Reads a row back, field by field, with Node's own readers: the other half of the layout, written independently. */
function readRow(bytes: Buffer) {
  let at = 0;
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const u64 = () => take(8).readBigUInt64LE();
  const leb = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = take(1)[0]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const ids = () => Array.from({ length: leb() }, () => take(4).readUInt32LE());
  const row = {
    slot: take(2).readUInt16LE(),
    offset: u64(),
    skippedBefore: u64(),
    logTs: take(8).readBigInt64LE(),
    id: take(16).toString('hex'),
    hash: u64(),
    bytes: take(4).readUInt32LE(),
    verdict: take(1)[0],
    reason: take(1)[0],
    late: take(1)[0],
    kind: take(1)[0],
    user: take(4).readUInt32LE(),
    movie: take(4).readUInt32LE(),
    halfStars: take(1)[0],
    ts: take(8).readBigInt64LE(),
    source: take(leb()).toString('utf8'),
    genres: ids(),
    companies: ids(),
    year: take(2).readUInt16LE(),
    version: take(4).readUInt32LE(),
  };
  return { row, rest: bytes.subarray(at) };
}

const event: fc.Arbitrary<RatingEvent> = fc.record({
  eventId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  userId: fc.integer({ min: 0, max: 4_294_967_295 }),
  movieId: fc.nat(4),
  kind: fc.constantFrom(...EVENT_KINDS),
  rating: fc.option(fc.nat(10).map((halves) => halves / 2)),
  tsMs: fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
  source: fc.string({ unit: 'binary', maxLength: 200 }),
});
const judgement: fc.Arbitrary<Judgement> = fc.oneof(
  fc.record({
    verdict: fc.constantFrom(OK, ...DROP_REASONS.map(drop), deadLetter('domain')),
    event,
    late: fc.boolean(),
  }),
  fc.record({
    verdict: fc.constantFrom(...DEAD_LETTER_REASONS).map(deadLetter),
    event: fc.constant(null),
    late: fc.constant(false),
  }),
);
const record: fc.Arbitrary<LogRecord> = fc.record({
  offset: fc.nat(Number.MAX_SAFE_INTEGER),
  logTsMs: fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
  key: fc.constant(null),
  value: fc.option(fc.nat(300).map((length) => Buffer.alloc(length))),
});
const uint32 = fc.integer({ min: 0, max: 4_294_967_295 });
const rows = fc.array(fc.tuple(record, judgement, uint32, uint32, fc.nat(2 ** 40)), { maxLength: 40 });

describe('the raw row writer', () => {
  it('writes any judged record so that it can be read back', () => {
    fc.assert(
      fc.property(fc.nat(65_535), rows, fc.integer({ min: 1, max: 500 }), (slot, given, initialBytes) => {
        const writer = createRawRowWriter(slot, initialBytes);
        for (const [one, judged, hi, lo, skipped] of given) {
          writer.append(one, { hi, lo }, skipped, judged, films.filmOf(judged));
        }
        expect(writer.rows).toBe(given.length);
        const size = writer.bytes;
        let rest = writer.take();
        expect(rest.length).toBe(size);
        for (const [one, judged, hi, lo, skipped] of given) {
          const read = readRow(rest);
          expect(read.row).toEqual(expected(slot, one, judged, hi, lo, skipped));
          rest = read.rest;
        }
        expect(rest.length).toBe(0);
        expect([writer.rows, writer.bytes]).toEqual([0, 0]);
      }),
    );
  });

  it('keeps what was taken when it goes on', () => {
    const writer = createRawRowWriter(1, 64);
    const add = (offset: number) =>
      writer.append(
        { offset, logTsMs: 0, key: null, value: null },
        { hi: 0, lo: 0 },
        0,
        { verdict: deadLetter('decode'), event: null, late: false },
        films.film(1),
      );
    add(1);
    const first = writer.take();
    const before = Buffer.from(first);
    add(2);
    expect(first).toEqual(before);
    expect(readRow(writer.take()).row.offset).toBe(2n);
  });

  it('stores 0 for what a dead letter says beyond the columns', () => {
    const writer = createRawRowWriter(1);
    const nonsense = { eventId: new Uint8Array(16), userId: -3, movieId: 2 ** 40, rating: -1.5, tsMs: -1e17 };
    const judged: Judgement = {
      verdict: deadLetter('domain'),
      event: { ...nonsense, kind: 'RATED', source: '' },
      late: false,
    };
    writer.append(
      { offset: 0, logTsMs: 0, key: null, value: null },
      { hi: 0, lo: 0 },
      0,
      judged,
      films.filmOf(judged),
    );
    const { row } = readRow(writer.take());
    expect(row).toMatchObject({ user: 0, movie: 0, halfStars: 0, ts: 0n, genres: [], companies: [] });
  });
});

function expected(slot: number, one: LogRecord, judged: Judgement, hi: number, lo: number, skipped: number) {
  const { verdict, event: read, late } = judged;
  const hasFilm =
    read !== null && verdict.kind !== 'dead_letter' && read.kind !== 'CANARY' && read.kind !== 'USER_DELETED';
  const film = [
    { genres: [18, 35], companies: [4_000_000_000], year: 1995 },
    { genres: [0], companies: [7, 8, 9], year: 0 },
  ][(read?.movieId ?? 0) - 1] ?? { genres: [0], companies: [0], year: 0 };
  return {
    slot,
    offset: BigInt(one.offset),
    skippedBefore: BigInt(skipped),
    logTs: BigInt(one.logTsMs),
    id: Buffer.from(read?.eventId ?? new Uint8Array(16)).toString('hex'),
    hash: (BigInt(hi) << 32n) | BigInt(lo),
    bytes: one.value?.length ?? 0,
    verdict: VERDICT_VALUES[verdict.kind],
    reason: REASON_VALUES[reasonOf(verdict)],
    late: Number(late),
    kind: read ? KIND_VALUES[read.kind] : 0,
    user: read?.userId ?? 0,
    movie: read?.movieId ?? 0,
    halfStars: (read?.rating ?? 0) * 2,
    ts: BigInt(read?.tsMs ?? 0),
    source: Buffer.from(read?.source ?? '', 'utf8').toString('utf8'),
    ...(hasFilm ? film : { genres: [], companies: [], year: 0 }),
    version: 3,
  };
}
