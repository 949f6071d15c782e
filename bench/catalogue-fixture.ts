import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Source } from '../catalog/sources/source.ts';
import { FULL_SIZE, filmRows, linkRows } from './catalogue-fixture-rows.ts';

export { FULL_SIZE } from './catalogue-fixture-rows.ts';

const CPI_START_YEAR = 1948;
const CPI_MONTHS = 830;

/** The files of a made-up "The Movies Dataset" of full size, in the order and with the flaws of the published one. */
const FILES: Readonly<Record<string, () => Iterable<string>>> = {
  'movies_metadata.csv': filmRows,
  'links.csv': linkRows,
  'links_small.csv': () => ['movieId,imdbId,tmdbId\n', '1,0114709,862\n'],
  'ratings.csv': ratingRows,
  'CPIAUCSL.csv': cpiRows,
};

/** The files as a source that lies nowhere: rows are made while they are read. */
export function syntheticSource(): Source {
  const files = Object.entries(FILES).map(([path, rows]) => ({
    path,
    bytes: 0,
    open: async () => Readable.from(inChunks(rows())),
  }));
  return { label: 'synthetic', revision: null, files, close: async () => {} };
}

/** The same files in a folder. */
export async function writeSyntheticSource(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [name, rows] of Object.entries(FILES)) {
    await pipeline(Readable.from(inChunks(rows())), createWriteStream(join(folder, name)));
  }
}

const CHUNK_CHARACTERS = 65_536;

function* inChunks(rows: Iterable<string>): Generator<Buffer> {
  let held = '';
  for (const row of rows) {
    held += row;
    if (held.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(held);
    held = '';
  }
  yield Buffer.from(held);
}

/** A load must leave these alone. */
function* ratingRows(): Generator<string> {
  yield 'userId,movieId,rating,timestamp\n';
  for (let i = 0; i < 1_000; i++) yield `${1 + (i % 10)},${1 + (i % FULL_SIZE.links)},3.5,1425941529\n`;
}

/** Two months without a figure: one empty, one with a point. */
function* cpiRows(): Generator<string> {
  yield 'observation_date,CPIAUCSL\n';
  for (let i = 0; i < CPI_MONTHS; i++) {
    const month = String(1 + (i % 12)).padStart(2, '0');
    const value = i === 100 ? '' : i === 200 ? '.' : (23.5 + i * 0.3).toFixed(3);
    yield `${CPI_START_YEAR + Math.floor(i / 12)}-${month}-01,${value}\n`;
  }
}
