import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '../clickhouse/connection.ts';
import type { Clock } from '../core/clock.ts';
import { ReelstreamError, toReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { buildCatalogue, type Catalogue, type VersionCounts } from './catalogue.ts';
import {
  claimVersion,
  discard,
  dropVersionsBelow,
  isPublished,
  newestVersion,
  publish,
  publishedCpi,
  reloadNames,
  setAsideIn,
  stage,
  writeReport,
} from './catalogue-store.ts';
import { catalogueHash, type FileHash, hashFiles } from './content-hash.ts';
import { cpiCoverage } from './cpi.ts';
import { MIN_CREDIBLE_DOLLARS } from './field-values.ts';
import { createFindings, type Findings } from './findings.ts';
import { type Journal, openJournal } from './journal.ts';
import { noteJoins } from './notes.ts';
import { type FileNames, limitToRange, type ReleaseRange } from './range.ts';
import { readSources } from './read-sources.ts';
import { fileReport, type LoadReport, type SetAside, setAsideOf, totalsOf } from './report.ts';
import { type CatalogueFile, cpiFiles, findCatalogueFiles, type SingleFile } from './source-files.ts';
import type { Source } from './sources/source.ts';

/** How far a load is. */
export interface LoadProgress {
  readonly step: 'checking' | 'reading' | 'writing';
  /** file, or table */
  readonly what: string;
  readonly rows: number;
  /** of all files together */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface LoadDeps {
  readonly clickhouse: ClickHouse;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** quarantine file, error log and report.json of each load go into a folder below it; none are written without */
  readonly reportsFolder?: string;
}

export interface LoadOptions {
  /** price indices from elsewhere; their series win over those of the source */
  readonly cpi?: readonly SingleFile[];
  /** price indices for when neither the source nor `cpi` has one */
  readonly fallbackCpi?: readonly SingleFile[];
  readonly range?: ReleaseRange;
  /** money below this is taken as not known */
  readonly minCredibleDollars?: number;
  /** refuse the load when a row or a field had to be set aside */
  readonly strict?: boolean;
  /** kept with the version, so that a watch knows its own load again */
  readonly requestKey?: string;
}

export interface LoadResult extends LoadReport {
  /** where quarantine file, error log and report lie */
  readonly folder: string | null;
}

/** Two loaders that met on a version number wait for unequal times before they try again. */
const RIVAL_PAUSE_MS = 50;
const NO_RANGE: ReleaseRange = { from: null, to: null };

/**
 * Loads a source as the next version of the catalogue. Readers see the old version until the last statement, and for ever
 * when anything fails before it. The same contents again change nothing, wherever they lie.
 * @throws ReelstreamError `usage` (files), `bad_data` (a file without its columns, a broken archive, `strict`),
 *   `clickhouse`, `unavailable`, `timeout`
 */
export async function loadCatalogue(
  source: Source,
  deps: LoadDeps,
  options: LoadOptions = {},
): Promise<LoadResult> {
  const { clickhouse, clock } = deps;
  const startMs = clock.monotonicMs();
  const files = filesOf(source, options);
  const totalBytes = files.reduce((sum, { file }) => sum + file.bytes, 0);
  const hashed = await checkFiles(files, totalBytes, deps);
  const sourcesHash = hashOf(hashed, options);
  const before = await newestVersion(clickhouse);
  if (before?.sources_hash === sourcesHash) {
    if (options.strict) requireNothingSetAside(await setAsideIn(clickhouse, before.version), null);
    // a load that died right after its switch has left the old names in the dictionaries
    await reloadNames(clickhouse);
    const { version, sources_hash, loaded_at, ...counts } = before;
    const elapsedMs = clock.monotonicMs() - startMs;
    const nothing = { files: [], totals: {}, findings: [], cpi: [], folder: null };
    return { status: 'unchanged', version, source: source.label, sourcesHash, counts, elapsedMs, ...nothing };
  }

  const journal = openJournalOf(deps);
  try {
    const done = await loadNew(source, hashed, deps, options, journal, { sourcesHash, totalBytes });
    const result = { ...done, elapsedMs: clock.monotonicMs() - startMs };
    finishJournal(journal, result, deps);
    return { ...result, folder: journal?.folder ?? null };
  } catch (thrown) {
    const { code, message } = toReelstreamError(thrown);
    finishJournal(
      journal,
      { status: 'failed', source: source.label, sourcesHash, code, error: message },
      deps,
    );
    throw thrown;
  }
}

/** Whatever became of the load is decided by now: files that cannot be written do not change it. */
function finishJournal(journal: Journal | null, report: object, { logger }: LoadDeps): void {
  try {
    journal?.finish(report);
  } catch (thrown) {
    const { code, message } = toReelstreamError(thrown);
    logger.warn({ code, error: message }, 'the files of this load are not complete');
  }
}

async function loadNew(
  source: Source,
  files: readonly FileHash[],
  deps: LoadDeps,
  options: LoadOptions,
  journal: Journal | null,
  { sourcesHash, totalBytes }: { sourcesHash: string; totalBytes: number },
): Promise<Omit<LoadReport, 'elapsedMs'>> {
  const { clickhouse, onProgress } = deps;
  const { catalogue, report } = await readAll(source, files, totalBytes, deps, options, journal);
  if (options.strict) requireNothingSetAside(setAsideOf(report.totals), journal);
  const version = await claim(deps);
  const { movies } = report.counts;
  onProgress?.({ step: 'writing', what: `version ${version}`, rows: movies, bytes: totalBytes, totalBytes });
  await stageOrDiscard(deps, version, catalogue, report, options.requestKey ?? '');
  await publishSurely(clickhouse, version, sourcesHash, report.counts);
  await reloadNames(clickhouse);
  await dropVersionsBelow(clickhouse, version);
  return { ...report, status: 'loaded', version, sourcesHash };
}

function filesOf(source: Source, { cpi = [], fallbackCpi = [] }: LoadOptions): CatalogueFile[] {
  const found = findCatalogueFiles(source);
  const prices = [...cpiFiles(cpi), ...found.filter(({ role }) => role === 'cpi')];
  return [
    ...found.filter(({ role }) => role !== 'cpi'),
    ...(prices.length > 0 ? prices : cpiFiles(fallbackCpi)),
  ];
}

function checkFiles(files: readonly CatalogueFile[], totalBytes: number, { onProgress }: LoadDeps) {
  let bytes = 0;
  return hashFiles(files, ({ name }, more) => {
    bytes += more;
    onProgress?.({ step: 'checking', what: name, rows: 0, bytes, totalBytes });
  });
}

function hashOf(files: readonly FileHash[], options: LoadOptions): string {
  const { range = NO_RANGE, minCredibleDollars = MIN_CREDIBLE_DOLLARS } = options;
  return catalogueHash(files, { range, minCredibleDollars });
}

type ReadReport = Omit<LoadReport, 'status' | 'version' | 'sourcesHash' | 'elapsedMs'>;

async function readAll(
  source: Source,
  files: readonly FileHash[],
  totalBytes: number,
  { clickhouse, onProgress }: LoadDeps,
  options: LoadOptions,
  journal: Journal | null,
): Promise<{ catalogue: Catalogue; report: ReadReport }> {
  const findings = createFindings(journal?.write);
  const done = new Map<string, number>();
  const read = await readSources(files, {
    findings,
    minCredibleDollars: options.minCredibleDollars ?? MIN_CREDIBLE_DOLLARS,
    onProgress({ name }, rows, bytes) {
      done.set(name, bytes);
      const sum = [...done.values()].reduce((a, b) => a + b, 0);
      onProgress?.({ step: 'reading', what: name, rows, bytes: sum, totalBytes });
    },
    onHash: (file, sha256) => requireSame(files, file, sha256),
  });
  const names = namesOf(files);
  const sources = limitToRange(read, options.range ?? NO_RANGE, findings, names);
  noteJoins(sources, findings, names);
  findings.requireBalance();
  const catalogue = buildCatalogue(sources);
  const list = findings.list();
  return {
    catalogue,
    report: {
      source: source.label,
      counts: countsOf(catalogue, findings),
      files: files.map((file) => fileReport(file, file.bytes, file.sha256, findings)),
      totals: totalsOf(list),
      findings: list,
      cpi: cpiCoverage(catalogue.cpi, await publishedCpi(clickhouse)),
    },
  };
}

/** The version is kept under the hash of the first reading: what the second one read must be the same. */
function requireSame(files: readonly FileHash[], { file, name }: CatalogueFile, sha256: string): void {
  if (files.find((one) => one.file === file)?.sha256 === sha256) return;
  throw new ReelstreamError(
    'bad_data',
    `${name} changed while it was being read; load it again when it is complete`,
  );
}

function namesOf(files: readonly CatalogueFile[]): FileNames {
  const nameOf = (role: CatalogueFile['role']) => files.find((one) => one.role === role)?.name ?? role;
  return { movies: nameOf('movies'), links: nameOf('links'), metadata: nameOf('metadata') };
}

function requireNothingSetAside({ rows, fields }: SetAside, journal: Journal | null): void {
  if (rows + fields === 0) return;
  const where = journal ? `, see ${journal.folder}` : '';
  throw new ReelstreamError(
    'bad_data',
    `--strict: ${rows} rows and ${fields} fields cannot be used; nothing was loaded${where}`,
  );
}

function openJournalOf({ reportsFolder, clock }: LoadDeps): Journal | null {
  if (reportsFolder === undefined) return null;
  const time = new Date(clock.nowMs()).toISOString().replace(/[-:]/g, '');
  return openJournal(reportsFolder, `${time}-${randomUUID().slice(0, 8)}`);
}

function claim({ clickhouse, clock }: LoadDeps): Promise<number> {
  const loadId = randomUUID();
  const share = Number.parseInt(loadId.slice(0, 2), 16) / 16;
  return claimVersion(clickhouse, loadId, () => clock.sleep(RIVAL_PAUSE_MS * (1 + share)));
}

async function stageOrDiscard(
  { clickhouse, logger }: LoadDeps,
  version: number,
  catalogue: Catalogue,
  report: ReadReport,
  requestKey: string,
): Promise<void> {
  try {
    await stage(clickhouse, version, catalogue);
    await writeReport(clickhouse, version, { ...report, requestKey });
  } catch (error) {
    await discard(clickhouse, version).catch((thrown: unknown) => {
      const { code, message } = toReelstreamError(thrown);
      logger.warn({ version, code, error: message }, 'staged rows stay until the next load clears them');
    });
    throw error;
  }
}

/**
 * After an unclear answer the staged rows stay: the switch may still land, and must not point at nothing.
 * The next load clears what was never published.
 */
async function publishSurely(
  clickhouse: ClickHouse,
  version: number,
  sourcesHash: string,
  counts: VersionCounts,
): Promise<void> {
  try {
    await publish(clickhouse, version, sourcesHash, counts);
  } catch (error) {
    if (!(await isPublished(clickhouse, version).catch(() => false))) throw error;
  }
}

function countsOf(catalogue: Catalogue, findings: Findings): VersionCounts {
  return {
    movies: catalogue.movies.length,
    matched: catalogue.matched,
    genres: catalogue.genres.length,
    companies: catalogue.companies.length,
    links: catalogue.links.length,
    cpi_months: catalogue.cpi.length,
    quarantined: findings.count('quarantined'),
  };
}
