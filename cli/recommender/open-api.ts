import { type Api, createApi } from '../../api/create-api.ts';
import type { ApiOptions } from '../../api/options.ts';
import { systemClock } from '../../core/clock.ts';
import type { Settings } from '../../runtime/settings.ts';
import { recommendFiles } from '../console/page-files.ts';
import { type Frame, type FramedService, projectVersion } from '../service-frame.ts';
import type { OpenedRecommender } from './open-recommender.ts';

/** Requests in hand when the process is told to stop may take so long to end. */
const DRAIN_TIMEOUT_MS = 5_000;

/** The recommender as a service that answers requests: they end before what they ask does. */
export async function withApi(
  { ports, service }: OpenedRecommender,
  settings: Settings,
  { logger, metrics }: Frame,
): Promise<FramedService> {
  let api: Api;
  try {
    const page = recommendFiles();
    api = await createApi(apiOptionsFrom(settings), { ...ports, page, clock: systemClock, logger, metrics });
  } catch (error) {
    await service.stop();
    throw error;
  }
  return {
    ...service,
    handle: api.handle,
    async stop() {
      await api.close(DRAIN_TIMEOUT_MS);
      await service.stop();
    },
  };
}

export function apiOptionsFrom(settings: Settings): ApiOptions {
  const origins = settings.REELSTREAM_API_CORS_ORIGINS.split(',').map((origin) => origin.trim());
  const primaryUrl = settings.REELSTREAM_API_PRIMARY_URL.replace(/\/+$/, '');
  return {
    version: projectVersion(),
    topN: settings.TOP_N,
    ratingsForAverage: settings.STAT_MOVIE_USERS_LOWER_LIMIT,
    compat: settings.REELSTREAM_API_COMPAT,
    newUsers: settings.REELSTREAM_RECOMMENDER_INSTANCE === 0 ? 'here' : { primaryUrl: primaryUrl || null },
    applyTimeoutMs: settings.REELSTREAM_RECOMMENDER_WRITE_TIMEOUT_MS,
    maxBodyBytes: settings.REELSTREAM_API_MAX_BODY_BYTES,
    apiKey: settings.REELSTREAM_API_KEY,
    corsOrigins: origins.filter((origin) => origin !== ''),
    requestsPerMinute: settings.REELSTREAM_API_REQUESTS_PER_MINUTE,
  };
}
