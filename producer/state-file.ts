import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ReelstreamError } from '../core/errors.ts';
import { parseRunId } from '../core/event-id.ts';
import type { RunPosition } from './run-state.ts';

/** Positions of all runs into one topic of one cluster, held by one producer at a time. */
export interface StateFile {
  readonly positions: readonly RunPosition[];
  /** Durable when it resolves: a crash leaves the old list or the new one, never a mixture. */
  save(positions: readonly RunPosition[]): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes a lock for this process and returns how to let go of it. A lock whose process is gone must not count.
 * @throws ReelstreamError `usage` while a living process holds it
 */
export type TakeLock = (path: string) => Promise<() => Promise<void>>;

/**
 * Opens `<folder>/<cluster>.<topic>.json`, empty when it is not there yet.
 * @throws ReelstreamError `usage` while another producer holds it, `bad_data` when it cannot be understood
 */
export async function openStateFile(
  folder: string,
  clusterId: string,
  topic: string,
  takeLock: TakeLock,
): Promise<StateFile> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${fileNamePiece(clusterId)}.${fileNamePiece(topic)}.json`);
  // two producers on one position would send the same events
  const release = await takeLock(`${path}.lock`);
  try {
    const positions = await read(path);
    return {
      positions,
      save: (next) => replaceFile(folder, path, JSON.stringify({ runs: next }, null, 2)),
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function read(path: string): Promise<RunPosition[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    const { runs } = JSON.parse(text) as { runs: unknown };
    if (Array.isArray(runs) && runs.every(isPosition)) return runs;
  } catch {
    // not even JSON: the same answer as for JSON of another shape
  }
  throw new ReelstreamError(
    'bad_data',
    `${path} does not say how far the producer got; delete it to replay from the start under a new run id`,
  );
}

function isPosition(value: unknown): value is RunPosition {
  if (typeof value !== 'object' || value === null) return false;
  const { runId, ratingsHash, seed, next, pinned, attempts = 0 } = value as Record<string, unknown>;
  return (
    typeof runId === 'string' &&
    parseRunId(runId) === runId &&
    typeof ratingsHash === 'string' &&
    [seed, next, attempts].every((number) => Number.isSafeInteger(number) && (number as number) >= 0) &&
    typeof pinned === 'boolean'
  );
}

/** Written aside, forced to disk, renamed over, and the rename forced to disk too. */
async function replaceFile(folder: string, path: string, text: string): Promise<void> {
  const aside = `${path}.new`;
  await withFile(aside, 'w', async (file) => {
    await file.writeFile(text);
    await file.sync();
  });
  await rename(aside, path);
  await withFile(folder, 'r', (directory) => directory.sync());
}

async function withFile(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

function fileNamePiece(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_-]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}
