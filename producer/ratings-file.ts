import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ReelstreamError } from '../core/errors.ts';
import { createRatingsTableBuilder, type RatingsTable } from './ratings-table.ts';

export interface RatingsFile {
  readonly table: RatingsTable;
  /** SHA-256 of the bytes */
  readonly hash: string;
}

const HEADER = 'userId,movieId,rating,timestamp';
/** as it looks in Latin-1, which is read because everything else here is ASCII */
const BYTE_ORDER_MARK = '\xef\xbb\xbf';
/** Space at the end is let through: the sample itself has a row with it. */
const ROW = /^(\d{1,10}),(\d{1,10}),([0-5](?:\.[05])?),(\d{1,10})\s*$/;
const MAX_ID = 2 ** 31 - 1;
/** later, and the event time would not be a date the pipeline takes; also the end of the 32-bit column */
const MAX_SECONDS = 2 ** 32 - 1;

export type OnRating = (userId: number, movieId: number, halfStars: number, seconds: number) => void;

/**
 * Reads a MovieLens `ratings.csv` whole, LF or CRLF. It is a replay's ground truth, so one bad row refuses the file.
 * @throws ReelstreamError `usage` when it cannot be read, `bad_data` with the line of the first bad row
 */
export async function readRatingsFile(path: string): Promise<RatingsFile> {
  const builder = createRatingsTableBuilder();
  const hash = await scanRatingsFile(path, builder.add);
  return { table: builder.build(), hash };
}

/**
 * Hands over the same file's rows in its own order, holding none of them.
 * @returns SHA-256 of the bytes
 * @throws ReelstreamError as readRatingsFile does, and those of `onRating`
 */
export async function scanRatingsFile(path: string, onRating: OnRating): Promise<string> {
  const hash = createHash('sha256');
  let line = 0;
  let rows = 0;
  const take = (text: string) => {
    line += 1;
    if (line === 1) return checkHeader(path, text);
    if (text === '') return;
    takeRow(onRating, path, line, text);
    rows += 1;
  };
  try {
    let rest = '';
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk as Buffer);
      const lines = (rest + (chunk as Buffer).toString('latin1')).split(/\r?\n/);
      rest = lines.pop()!;
      for (const text of lines) take(text);
    }
    if (rest !== '') take(rest.replace(/\r$/, ''));
  } catch (error) {
    if (error instanceof ReelstreamError) throw error;
    throw new ReelstreamError('usage', `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (rows === 0) throw new ReelstreamError('bad_data', `${path} holds no ratings`);
  return hash.digest('hex');
}

function checkHeader(path: string, text: string): void {
  if (text === HEADER || text === BYTE_ORDER_MARK + HEADER) return;
  throw new ReelstreamError('bad_data', `${path}: the first line must be ${HEADER}`, {
    details: { line: 1 },
  });
}

function takeRow(onRating: OnRating, path: string, line: number, text: string): void {
  const [, user = '', movie = '', rating = '', second = ''] = ROW.exec(text) ?? [];
  const halfStars = Number(rating) * 2;
  const known = isId(user) && isId(movie) && halfStars <= 10 && Number(second) <= MAX_SECONDS;
  if (!known || rating === '') {
    throw new ReelstreamError('bad_data', `${path}:${line} is no rating: ${text.slice(0, 80)}`, {
      details: { line },
    });
  }
  onRating(Number(user), Number(movie), halfStars, Number(second));
}

function isId(text: string): boolean {
  return Number(text) >= 1 && Number(text) <= MAX_ID;
}
