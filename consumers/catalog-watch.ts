import { createFilmIndex, type FilmIndex } from '../clickhouse/film-index.ts';
import type { Clock } from '../core/clock.ts';
import { ReelstreamError, toReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics-port.ts';

export interface CatalogWatchOptions {
  /** newest complete version, 0 while none is loaded */
  readonly latestVersion: () => Promise<number>;
  readonly load: (version: number) => Promise<FilmIndex>;
  readonly pollIntervalMs: number;
  /** true: start without a catalogue, then every film is unknown until one is loaded */
  readonly isOptional: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The catalogue that new rows are stamped with. */
export interface CatalogWatch {
  readonly films: () => FilmIndex;
  /** ends the polling */
  stop(): Promise<void>;
}

/**
 * Loads the newest catalogue and keeps looking for newer ones. Rows of one batch share a version because the sink asks
 * once per batch.
 * @throws ReelstreamError `usage` when none is loaded and it is not optional; `unavailable` while ClickHouse is away
 */
export async function watchCatalog(options: CatalogWatchOptions): Promise<CatalogWatch> {
  const { latestVersion, load, isOptional, pollIntervalMs, clock, logger, metrics } = options;
  const stopped = new AbortController();
  const version = await latestVersion();
  if (version === 0 && !isOptional) {
    throw new ReelstreamError(
      'usage',
      'no catalogue is loaded, so ratings could not be counted by genre and company; load one with ' +
        '`reelstream catalog load <dir>`, or start with --without-catalog',
    );
  }
  let films = version === 0 ? createFilmIndex(0, []) : await load(version);
  metrics.set('catalog_version', {}, films.version);

  async function look(): Promise<void> {
    const newest = await latestVersion();
    // a version that was taken back is not gone back to: raw says which one each row was stamped with
    if (newest <= films.version) return;
    films = await load(newest);
    metrics.set('catalog_version', {}, newest);
    logger.info(
      { version: newest, films: films.size },
      'new catalogue: rows are stamped with it from the next batch on',
    );
  }

  async function poll(): Promise<void> {
    for (;;) {
      await clock.sleep(pollIntervalMs, stopped.signal);
      if (stopped.signal.aborted) return;
      try {
        await look();
      } catch (thrown) {
        const { code, message } = toReelstreamError(thrown);
        logger.warn({ code, error: message }, 'could not look for a new catalogue; the one in use stays');
      }
    }
  }

  const polling = poll();
  return {
    films: () => films,
    stop() {
      stopped.abort();
      return polling;
    },
  };
}
