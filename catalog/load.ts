import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '../clickhouse/connection.ts';
import type { Clock } from '../core/clock.ts';
import { toReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { buildCatalogue, type Catalogue } from './catalogue.ts';
import {
  claimVersion,
  discard,
  dropVersionsBelow,
  isPublished,
  newestVersion,
  publish,
  reloadNames,
  stage,
  type VersionCounts,
  writeReport,
} from './catalogue-store.ts';
import { createFindings, type Finding } from './findings.ts';
import { readSources } from './read-sources.ts';
import { findSourceFiles, hashSources } from './source-files.ts';

export interface LoadDeps {
  readonly clickhouse: ClickHouse;
  readonly clock: Clock;
  readonly logger: Logger;
  /** one line for a person who waits */
  readonly onProgress?: (text: string) => void;
}

export interface LoadResult {
  /** `unchanged`: the newest version was made from these very files */
  readonly status: 'loaded' | 'unchanged';
  readonly version: number;
  readonly sourcesHash: string;
  readonly counts: VersionCounts;
  /** empty when unchanged */
  readonly findings: readonly Finding[];
  readonly elapsedMs: number;
}

/** Two loaders that met on a version number wait for unequal times before they try again. */
const RIVAL_PAUSE_MS = 50;
const PROGRESS_ROWS = 500;

/**
 * Loads a folder as the next version of the catalogue. Readers see the old version until the last statement, and for
 * ever when anything fails before it. The same files again change nothing.
 * @throws ReelstreamError `usage` (files), `bad_data` (a file without its columns), `clickhouse`, `unavailable`, `timeout`
 */
export async function loadCatalogue(folder: string, deps: LoadDeps): Promise<LoadResult> {
  const { clickhouse, clock, onProgress = () => {} } = deps;
  const startMs = clock.monotonicMs();
  const files = findSourceFiles(folder);
  const sourcesHash = await hashSources(folder, files);
  const before = await newestVersion(clickhouse);
  if (before?.sources_hash === sourcesHash) {
    // a load that died right after its switch has left the old names in the dictionaries
    await reloadNames(clickhouse);
    const { version, sources_hash, loaded_at, ...counts } = before;
    return {
      status: 'unchanged',
      version,
      sourcesHash,
      counts,
      findings: [],
      elapsedMs: clock.monotonicMs() - startMs,
    };
  }

  const findings = createFindings();
  const sources = await readSources(files, findings, (file, rows) => {
    if (rows % PROGRESS_ROWS === 0) onProgress(`reading ${file}: ${rows.toLocaleString('en-US')} rows`);
  });
  const catalogue = buildCatalogue(sources);
  const counts = countsOf(catalogue, findings.count('quarantined'));
  const report = findings.list();

  const loadId = randomUUID();
  const version = await claimVersion(clickhouse, loadId, () =>
    clock.sleep(RIVAL_PAUSE_MS * (1 + Number.parseInt(loadId.slice(0, 2), 16) / 16)),
  );
  onProgress(`writing version ${version}: ${counts.movies.toLocaleString('en-US')} films`);
  await stageOrDiscard(deps, version, catalogue, report);
  await publishSurely(clickhouse, version, sourcesHash, counts);
  await reloadNames(clickhouse);
  await dropVersionsBelow(clickhouse, version);
  return {
    status: 'loaded',
    version,
    sourcesHash,
    counts,
    findings: report,
    elapsedMs: clock.monotonicMs() - startMs,
  };
}

async function stageOrDiscard(
  { clickhouse, logger }: LoadDeps,
  version: number,
  catalogue: Catalogue,
  report: readonly Finding[],
): Promise<void> {
  try {
    await stage(clickhouse, version, catalogue);
    await writeReport(clickhouse, version, report);
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

function countsOf(catalogue: Catalogue, quarantined: number): VersionCounts {
  return {
    movies: catalogue.movies.length,
    matched: catalogue.matched,
    genres: catalogue.genres.length,
    companies: catalogue.companies.length,
    links: catalogue.links.length,
    cpi_months: catalogue.cpi.length,
    quarantined,
  };
}
