import { createHash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ReelstreamError } from '../core/errors.ts';

export interface SourceFiles {
  readonly movies: string | null;
  readonly links: string;
  readonly metadata: string | null;
  readonly cpi: readonly string[];
}

/** Raised when the same bytes would now give other rows, so that the next load is no no-op. */
const RULES_VERSION = 1;

/**
 * Finds the catalogue's files in a folder or in its direct subfolders: `links.csv`, `movies.csv`,
 * `movies_metadata*.csv` and price indices (`CPI*.csv`, `CUSR*.csv`, `CUUR*.csv`). MovieLens ids of different data sets
 * are not the same films, so movies.csv counts only beside links.csv.
 * @throws ReelstreamError `usage` when a file is missing or there are two candidates
 */
export function findSourceFiles(folder: string): SourceFiles {
  const files = listFiles(folder);
  const named = (pattern: RegExp) => files.filter((file) => pattern.test(basename(file)));
  const links = only(named(/^links\.csv$/i), 'links.csv');
  const metadata = only(named(/^movies_metadata.*\.csv$/i), 'movies_metadata*.csv');
  if (!links) {
    throw new ReelstreamError(
      'usage',
      `${folder} holds no links.csv; give a MovieLens folder, or one with such subfolders`,
    );
  }
  const movies = named(/^movies\.csv$/i).find((file) => dirname(file) === dirname(links)) ?? null;
  if (!movies && !metadata) {
    throw new ReelstreamError(
      'usage',
      `${folder} holds neither movies.csv beside links.csv nor movies_metadata*.csv`,
    );
  }
  return { movies, links, metadata, cpi: named(/^(CPI|CUSR|CUUR)\w*\.csv$/i) };
}

/** SHA-256 over names, bytes and the rules: the same hash means the same catalogue. */
export async function hashSources(folder: string, files: SourceFiles): Promise<string> {
  const hash = createHash('sha256').update(`rules ${RULES_VERSION}\n`);
  for (const file of [files.movies, files.links, files.metadata, ...files.cpi]) {
    if (file) hash.update(`${relative(folder, file)} ${await hashFile(file)}\n`);
  }
  return hash.digest('hex');
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function listFiles(folder: string): string[] {
  const here = read(folder);
  const below = here.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  return [folder, ...below]
    .flatMap((place) =>
      read(place)
        .filter((entry) => entry.isFile())
        .map((entry) => join(place, entry.name)),
    )
    .sort();
}

function read(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new ReelstreamError('usage', `${folder} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function only(found: readonly string[], what: string): string | null {
  if (found.length < 2) return found[0] ?? null;
  throw new ReelstreamError(
    'usage',
    `more than one ${what}: ${found.join(', ')}; give the folder of one of them`,
  );
}
