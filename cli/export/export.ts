import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { latestCatalogVersion } from '../../clickhouse/film-index.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { bindParameters } from '../ask/bind.ts';
import type { ExportItem, LeftOut } from './items.ts';
import { createCsvCounter, isWholeParquet } from './row-counters.ts';
import {
  CSV_SETTINGS,
  dropForgottenSnapshots,
  dropSnapshot,
  PARQUET_SETTINGS,
  type Snapshot,
  takeSnapshot,
} from './snapshot.ts';
import { type WrittenFile, writeWhole } from './write-file.ts';

export type FileFormat = 'csv' | 'parquet';

export interface ExportOptions {
  readonly folder: string;
  readonly items: readonly ExportItem[];
  readonly leftOut: readonly LeftOut[];
  readonly formats: readonly FileFormat[];
  /** write into a folder that is not empty: what an earlier export wrote is replaced */
  readonly force: boolean;
  /** what "now" is for every question */
  readonly nowMs: number;
  readonly version: string;
  readonly onItem?: (name: string, index: number, count: number) => void;
}

export interface ManifestFile extends WrittenFile {
  readonly path: string;
  readonly format: FileFormat;
}

export interface ManifestItem {
  readonly name: string;
  readonly kind: ExportItem['kind'];
  readonly query: string;
  /** as a person would write them */
  readonly parameters: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly files: readonly ManifestFile[];
}

export interface Manifest {
  readonly manifestVersion: 1;
  readonly reelstream: string;
  readonly clickhouse: string;
  readonly database: string;
  readonly catalogVersion: number;
  readonly asOf: string;
  readonly items: readonly ManifestItem[];
  readonly leftOut: readonly LeftOut[];
}

const MANIFEST = 'manifest.json';

/**
 * Writes every item, and the manifest last: a folder without one is not a whole export.
 * @throws ReelstreamError `usage` for a folder that is not empty, `unavailable` when a catalogue came out meanwhile,
 * `clickhouse`
 */
export async function exportTo(clickhouse: ClickHouse, options: ExportOptions): Promise<Manifest> {
  const { folder, items, leftOut, nowMs, version, onItem } = options;
  await prepareFolder(folder, options.force);
  await dropForgottenSnapshots(clickhouse);
  const catalogVersion = await latestCatalogVersion(clickhouse);
  const runId = randomBytes(4).toString('hex');
  const written: ManifestItem[] = [];
  for (const [i, item] of items.entries()) {
    onItem?.(item.name, i, items.length);
    written.push(await exportItem(clickhouse, options, runId, item));
  }
  if ((await latestCatalogVersion(clickhouse)) !== catalogVersion) {
    throw new ReelstreamError(
      'unavailable',
      'a new catalogue came out while the export ran: run it again with --force',
    );
  }
  const [server] = await clickhouse.query<{ version: string }>('SELECT version() AS version');
  const manifest: Manifest = {
    manifestVersion: 1,
    reelstream: version,
    clickhouse: server!.version,
    database: clickhouse.database,
    catalogVersion,
    asOf: new Date(nowMs).toISOString(),
    items: written,
    leftOut,
  };
  await writeWhole(join(folder, MANIFEST), [Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)]);
  return manifest;
}

async function exportItem(
  clickhouse: ClickHouse,
  options: ExportOptions,
  runId: string,
  item: ExportItem,
): Promise<ManifestItem> {
  const values =
    item.kind === 'table'
      ? {}
      : await bindParameters(item.question, item.given, { clickhouse, limits: {}, nowMs: options.nowMs });
  const params = Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]));
  const query = item.kind === 'table' ? `SELECT * FROM ${item.name}` : item.question.sql;
  const orderBy = item.kind === 'table' ? item.orderBy : null;
  const snapshot = await takeSnapshot(clickhouse, runId, item.name, query, params, orderBy);
  try {
    const files: ManifestFile[] = [];
    for (const format of options.formats) {
      const path = `${item.kind === 'table' ? 'tables' : 'questions'}/${item.name}.${format}`;
      const write = format === 'csv' ? writeCsv : writeParquet;
      files.push({ path, format, ...(await write(clickhouse, snapshot, join(options.folder, path))) });
    }
    const { rows, columns } = snapshot;
    const parameters = Object.fromEntries(Object.entries(values).map(([name, { shown }]) => [name, shown]));
    return { name: item.name, kind: item.kind, query, parameters, rows, columns, files };
  } finally {
    await dropSnapshot(clickhouse, snapshot);
  }
}

async function writeCsv(clickhouse: ClickHouse, snapshot: Snapshot, path: string): Promise<WrittenFile> {
  const content = await clickhouse.queryBytes(`${snapshot.select} FORMAT CSVWithNames`, {
    settings: CSV_SETTINGS,
  });
  const counter = createCsvCounter();
  const file = await writeWhole(path, content, counter.see);
  const rows = counter.rows();
  if (rows === snapshot.rows) return file;
  await rm(path, { force: true });
  throw cutShort(path, rows === null ? 'is cut off' : `holds ${rows} rows instead of ${snapshot.rows}`);
}

async function writeParquet(clickhouse: ClickHouse, snapshot: Snapshot, path: string): Promise<WrittenFile> {
  const content = await clickhouse.queryBytes(`${snapshot.select} FORMAT Parquet`, {
    settings: PARQUET_SETTINGS,
  });
  const marks = isWholeParquet();
  const file = await writeWhole(path, content, marks.see);
  if (marks.whole()) return file;
  await rm(path, { force: true });
  throw cutShort(path, 'is cut off');
}

function cutShort(path: string, what: string): ReelstreamError {
  return new ReelstreamError('unavailable', `the answer for ${path} ${what}: run it again with --force`);
}

/** One level first: where nothing can be made, as below /proc, Node's recursive form never comes back (node 20). */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || existsSync(dirname(folder))) {
      throw new ReelstreamError('usage', `${folder} cannot be made: ${message}`, { cause: thrown });
    }
    await makeFolder(dirname(folder));
    await mkdir(folder);
  }
}

/** Nothing but what an earlier export wrote is ever removed. */
async function prepareFolder(folder: string, force: boolean): Promise<void> {
  await makeFolder(folder);
  const found = await readdir(folder);
  if (found.length > 0 && !force) {
    throw new ReelstreamError('usage', `${folder} is not empty: name another folder, or say --force`);
  }
  for (const path of await pathsOfManifest(join(folder, MANIFEST)))
    await rm(join(folder, path), { force: true });
  await rm(join(folder, MANIFEST), { force: true });
  for (const name of ['tables', 'questions']) await mkdir(join(folder, name), { recursive: true });
}

async function pathsOfManifest(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return [];
  const paths = [...text.matchAll(/"path": "((?:tables|questions)\/[\w-]+\.(?:csv|parquet))"/g)];
  return paths.map(([, one]) => one!);
}
