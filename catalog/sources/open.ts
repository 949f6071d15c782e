import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { download, type RemoteObject } from './download.ts';
import { folderSource, localFile } from './folder.ts';
import { httpLabel, httpObject } from './http.ts';
import type { S3Options } from './s3.ts';
import type { ByteBudget, Source, SourceFile } from './source.ts';
import { zipSource } from './zip.ts';

export interface OpenOptions {
  readonly budget: ByteBudget;
  readonly s3: S3Options;
  /** fetched archives lie below it until the source is closed */
  readonly scratchFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onBytes?: (label: string, bytes: number, totalBytes: number | null) => void;
  readonly signal?: AbortSignal;
  readonly stallTimeoutMs?: number;
  readonly pauseMs?: number;
}

/** A single file from a server, with what tells whether it changed. */
export interface FetchedFile {
  readonly file: SourceFile;
  readonly label: string;
  readonly revision: string | null;
  close(): Promise<void>;
}

export function isRemote(address: string): boolean {
  return /^(https?|s3):\/\//i.test(address);
}

/** An address as the source behind it calls itself. */
export function labelOf(address: string): string {
  return /^https?:/i.test(address) ? httpLabel(address) : address;
}

/** Files of this machine behind addresses, as they are now; none for those of servers. */
export async function localPaths(addresses: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const address of addresses.filter((one) => !isRemote(one))) {
    const isOne = !(await stat(address).catch(() => null))?.isDirectory();
    if (isOne) paths.push(address);
    else paths.push(...(await folderSource(address)).files.map(({ path }) => join(address, path)));
  }
  return paths;
}

/** A series of prices is small; what is larger is something else. */
const MAX_FILE_BYTES = 50_000_000;

/**
 * Opens a folder, a zip archive, or a zip archive on a web server or in an S3 bucket.
 * @param unlessRevision null is returned while the server still has this one
 * @throws ReelstreamError `usage` (address), `bad_data` (no archive, or beyond the budget), `unavailable` (server)
 */
export async function openSource(
  address: string,
  options: OpenOptions,
  unlessRevision: string | null = null,
): Promise<Source | null> {
  const { budget } = options;
  refuseOtherScheme(address);
  if (!isRemote(address)) {
    if (await isFolder(address)) return folderSource(address);
    refuseSingleFile(address);
    return zipSource(address, { budget });
  }
  refuseSingleFile(labelOf(address));
  const fetched = await fetchToScratch(address, options, budget.maxDownloadBytes, unlessRevision);
  if (!fetched) return null;
  const { path, label, revision, close: onClose } = fetched;
  return zipSource(path, { budget, label, revision, onClose });
}

/** Opens one file, near or far. The same errors; null while the server still has `unlessRevision`. */
export async function openFile(
  address: string,
  options: OpenOptions,
  unlessRevision: string | null = null,
): Promise<FetchedFile | null> {
  refuseOtherScheme(address);
  if (!isRemote(address)) {
    return { file: await localFile(address), label: address, revision: null, close: async () => {} };
  }
  const fetched = await fetchToScratch(address, options, MAX_FILE_BYTES, unlessRevision);
  if (!fetched) return null;
  const { path, label, revision, close } = fetched;
  return { file: await localFile(path, nameIn(label)), label, revision, close };
}

function refuseOtherScheme(address: string): void {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1];
  if (scheme === undefined || isRemote(address)) return;
  throw new ReelstreamError(
    'usage',
    `${scheme}:// is not fetched, only https://, http:// and s3:// are; download it and give the folder or archive`,
  );
}

/** The files of a data set belong together: one of them alone is no catalogue. */
function refuseSingleFile(path: string): void {
  const name = path.replace(/\?\w+$/, '');
  const isOther = /\.(gz|tgz|tar|7z|rar)$/i.test(name);
  if (!isOther && !/\.(csv|tsv|txt|json|parquet)$/i.test(name)) return;
  const what = isOther ? 'no zip archive' : 'one file';
  throw new ReelstreamError(
    'usage',
    `${path} is ${what}; give the folder or the zip archive that holds links.csv with movies.csv or movies_metadata.csv`,
  );
}

function nameIn(label: string): string {
  return label.split('/').at(-1)?.replace(/\?.*/, '') || label;
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: Error) => {
    throw new ReelstreamError('usage', `${path} cannot be read: ${error.message}`, { cause: error });
  });
  return found.isDirectory();
}

async function fetchToScratch(
  address: string,
  options: OpenOptions,
  maxBytes: number,
  unlessRevision: string | null,
) {
  const remote = await remoteObject(address, options);
  await mkdir(options.scratchFolder, { recursive: true });
  await clearForgotten(options.scratchFolder, options.clock.nowMs());
  const folder = await mkdtemp(join(options.scratchFolder, 'fetch-'));
  const close = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, 'object');
  const { label } = remote;
  try {
    const { clock, logger, onBytes, signal, stallTimeoutMs, pauseMs } = options;
    const outcome = await download(remote, path, {
      maxBytes,
      unlessRevision,
      clock,
      logger,
      onBytes: (bytes, totalBytes) => onBytes?.(label, bytes, totalBytes),
      ...(signal ? { signal } : {}),
      ...(stallTimeoutMs === undefined ? {} : { stallTimeoutMs }),
      ...(pauseMs === undefined ? {} : { pauseMs }),
    });
    if (outcome.kind === 'file') return { path, label, revision: outcome.revision, close };
    await close();
    return null;
  } catch (error) {
    await close();
    throw error;
  } finally {
    remote.close?.();
  }
}

/** A load that was killed leaves what it had fetched; a younger one may still be at work. */
const FORGOTTEN_AFTER_MS = 24 * 3_600_000;

async function clearForgotten(scratchFolder: string, nowMs: number): Promise<void> {
  for (const name of await readdir(scratchFolder)) {
    const path = join(scratchFolder, name);
    // another load may have removed its own meanwhile
    const found = await stat(path).catch(() => null);
    if (found && nowMs - found.mtimeMs > FORGOTTEN_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}

async function remoteObject(
  address: string,
  { s3 }: OpenOptions,
): Promise<RemoteObject & { close?(): void }> {
  if (/^https?:/i.test(address)) return httpObject(address);
  // the SDK takes longer to load than a small catalogue
  const { s3Object } = await import('./s3.ts');
  return s3Object(address, s3);
}
