import { posix } from 'node:path';
import { ReelstreamError } from '../core/errors.ts';
import type { Source, SourceFile } from './sources/source.ts';

/** What a file is to the catalogue. */
export type Role = 'movies' | 'links' | 'metadata' | 'cpi';

export interface CatalogueFile {
  readonly role: Role;
  /** as reports call it */
  readonly name: string;
  readonly file: SourceFile;
  /** where it was found, and what the server said about its copy */
  readonly address: string;
  readonly revision: string | null;
}

/** A file that came by itself, outside of a source. */
export interface SingleFile {
  readonly file: SourceFile;
  readonly label: string;
  readonly revision: string | null;
}

/** Deeper than one folder lies nothing that belongs to a data set. */
const MAX_DEPTH = 2;

/**
 * The catalogue's files among those of a source: `links.csv` (or `links_small.csv` where there is no other: the two are
 * different data, never both), `movies.csv` beside it, `movies_metadata*.csv`, and price indices (`CPI*.csv`, `CUSR*.csv`,
 * `CUUR*.csv`). Everything else is left alone, ratings too: they are events and come through Kafka.
 * @throws ReelstreamError `usage` when a file is missing or there are two candidates
 */
export function findCatalogueFiles(source: Omit<Source, 'close'>): CatalogueFile[] {
  const { label, files, revision, unreadable = [] } = source;
  const passedBy = unreadable.length === 0 ? '' : ` (cannot be read: ${unreadable.join(', ')})`;
  const toFile = (role: Role, file: SourceFile): CatalogueFile => ({
    role,
    name: baseName(file),
    file,
    address: label,
    revision,
  });
  const near = belowCommonFolder(files).filter(({ path }) => path.split('/').length <= MAX_DEPTH);
  const named = (pattern: RegExp) => near.filter(({ path }) => pattern.test(posix.basename(path)));
  const only = (found: readonly SourceFile[]): SourceFile | undefined => {
    if (found.length < 2) return found[0];
    const names = found.map(({ path }) => path).join(', ');
    throw new ReelstreamError(
      'usage',
      `${label} has more than one of these: ${names}; give the folder of one of them`,
    );
  };
  const links = only(named(/^links\.csv$/i)) ?? only(named(/^links_small\.csv$/i));
  if (!links) {
    throw new ReelstreamError(
      'usage',
      `${label} holds no links.csv${passedBy}; give a MovieLens folder, or one with such subfolders`,
    );
  }
  const metadata = only(named(/^movies_metadata.*\.csv$/i));
  // ids of different MovieLens data sets are not the same films
  const movies = named(/^movies\.csv$/i).find(
    ({ path }) => posix.dirname(path) === posix.dirname(links.path),
  );
  if (!movies && !metadata) {
    throw new ReelstreamError(
      'usage',
      `${label} holds neither movies.csv beside links.csv nor movies_metadata*.csv${passedBy}`,
    );
  }
  const prices = named(/^(CPI|CUSR|CUUR)\w*\.csv$/i).sort((a, b) => (baseName(a) < baseName(b) ? -1 : 1));
  return [
    ...(movies ? [toFile('movies', movies)] : []),
    toFile('links', links),
    ...(metadata ? [toFile('metadata', metadata)] : []),
    ...prices.map((file) => toFile('cpi', file)),
  ];
}

/** Who packs a folder often packs its name too; what macOS adds to archives is no file of anybody. */
function belowCommonFolder(files: readonly SourceFile[]): SourceFile[] {
  const own = files.filter(({ path }) => !path.startsWith('__MACOSX/'));
  const folders = new Set(
    own.map(({ path }) => (path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : '')),
  );
  const [common = ''] = folders;
  return folders.size === 1 ? own.map((file) => ({ ...file, path: file.path.slice(common.length) })) : own;
}

/** Price indices from elsewhere; two files of one name stay two. */
export function cpiFiles(files: readonly SingleFile[]): CatalogueFile[] {
  return files.map(({ file, label, revision }, i) => {
    const earlier = files.slice(0, i).filter((other) => baseName(other.file) === baseName(file)).length;
    const name = earlier === 0 ? baseName(file) : `${baseName(file)} (${earlier + 1})`;
    return { role: 'cpi', name, file, address: label, revision };
  });
}

const baseName = ({ path }: SourceFile) => posix.basename(path);
