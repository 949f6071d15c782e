import { describe, expect, it } from 'vitest';
import { createFilmIndex } from '../../clickhouse/film-index.ts';
import { watchCatalog } from '../../consumers/catalog-watch.ts';
import { createManualClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { noMetrics } from '../../core/metrics-port.ts';

function scripted(isOptional: boolean, versions: (number | 'away')[]) {
  const clock = createManualClock();
  const loaded: number[] = [];
  const watch = watchCatalog({
    latestVersion: async () => {
      const version = versions.length > 1 ? versions.shift()! : versions[0]!;
      if (version === 'away') throw new ReelstreamError('unavailable', 'ClickHouse away');
      return version;
    },
    load: async (version) => {
      loaded.push(version);
      return createFilmIndex(version, []);
    },
    pollIntervalMs: 10_000,
    isOptional,
    clock,
    logger: silentLogger,
    metrics: noMetrics,
  });
  return { clock, loaded, watch };
}

describe('watching the catalogue', () => {
  it('refuses to start without one, and says what to do', async () => {
    const { watch } = scripted(false, [0]);
    await expect(watch).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/--without-catalog/),
    });
  });

  it('starts without one when it is told to, and takes the first that comes', async () => {
    const { clock, watch } = scripted(true, [0, 0, 4]);
    const { films, stop } = await watch;
    expect(films().version).toBe(0);
    await clock.advance(10_000);
    expect(films().version).toBe(0);
    await clock.advance(10_000);
    expect(films().version).toBe(4);
    await stop();
  });

  it('goes from version to version, through outages, and never back', async () => {
    const { clock, loaded, watch } = scripted(false, [4, 'away', 5, 3, 5, 6]);
    const { films, stop } = await watch;
    await clock.advance(10_000);
    expect(films().version).toBe(4);
    await clock.advance(50_000);
    expect(films().version).toBe(6);
    expect(loaded).toEqual([4, 5, 6]);
    await stop();
  });

  it('looks no more after it was stopped', async () => {
    const { clock, loaded, watch } = scripted(false, [1, 2]);
    const { stop } = await watch;
    await stop();
    await clock.advance(60_000);
    expect(loaded).toEqual([1]);
  });
});
