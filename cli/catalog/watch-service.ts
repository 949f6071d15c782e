import { newestVersion, publishedRevisions } from '../../catalog/catalogue-store.ts';
import type { LoadDeps } from '../../catalog/load.ts';
import { localPaths, type OpenOptions } from '../../catalog/sources/open.ts';
import { untilSettled } from '../../catalog/sources/settled.ts';
import { type Look, watchCatalogue } from '../../catalog/watch.ts';
import { systemClock } from '../../core/clock.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { Frame, FramedService } from '../service-frame.ts';
import { clickHouseFrom } from '../wiring.ts';
import { checkLoad } from './load-checks.ts';
import {
  type CatalogueRequest,
  fulfil,
  openOptionsFrom,
  type Revisions,
  reportsFolderOf,
} from './requests.ts';

export const WATCH_METRICS = [
  'catalog_looks_total',
  'catalog_last_good_look_timestamp_seconds',
  'catalog_version',
] as const;

/** Keeps the catalogue at what a source has. */
export function startWatch(
  request: CatalogueRequest,
  everyMs: number,
  settings: Settings,
  { logger, metrics }: Frame,
): FramedService {
  const clickhouse = clickHouseFrom(settings);
  const deps = { clickhouse, clock: systemClock, logger, reportsFolder: reportsFolderOf(settings) };
  const look = createLook(request, deps, (signal) =>
    openOptionsFrom(settings, { clock: systemClock, logger, signal }),
  );
  const watch = watchCatalogue({
    look,
    everyMs,
    clock: systemClock,
    logger,
    onLook(outcome, result) {
      metrics.add('catalog_looks_total', { outcome });
      if (!result) return;
      metrics.set('catalog_version', {}, result.version);
      metrics.set('catalog_last_good_look_timestamp_seconds', {}, systemClock.nowMs() / 1_000);
    },
  });
  return {
    done: watch.done,
    async stop() {
      await watch.stop();
      await clickhouse.close();
    },
    alive: () => true,
    notReady() {
      const { version, lastError } = watch.status();
      if (version !== null) return [];
      return [lastError === null ? 'the first look is under way' : `the first look failed: ${lastError}`];
    },
    status: watch.status,
  };
}

/**
 * One look: asks servers only whether their copy changed since the version in use was made from it. After another catalogue
 * was loaded in between, the source is loaded again whatever the server says.
 */
export function createLook(
  request: CatalogueRequest,
  deps: LoadDeps,
  openOptions: (signal: AbortSignal) => OpenOptions,
): (signal: AbortSignal) => Promise<Look> {
  let seen: { readonly version: number; readonly revisions: Revisions } | null = null;
  return async (signal) => {
    const before = await newestVersion(deps.clickhouse);
    const known = await knownRevisions();
    const open = openOptions(signal);
    await untilSettled(() => localPaths([request.address, ...request.cpi]), { clock: deps.clock, signal });
    const done = await fulfil(request, deps, open, known);
    if (done.kind === 'not_modified') return { outcome: 'unchanged', version: before?.version ?? 0 };
    const { status, version } = done.result;
    await checkLoad(deps, done.result);
    seen = { version, revisions: done.revisions };
    return { outcome: status, version };

    async function knownRevisions(): Promise<Revisions> {
      if (!before) return new Map();
      if (seen?.version === before.version) return seen.revisions;
      return publishedRevisions(deps.clickhouse, request.key);
    }
  };
}
