import { choice, integer, MAX_ID, optionalUrl, type SettingSpec, secret, text } from './setting-kinds.ts';

/** Settings of the REST API. What guards it is off by default: it listens on this machine alone. */
export const API_SETTINGS = {
  REELSTREAM_API_FIRST_USER_ID: integer(
    1,
    1,
    MAX_ID,
    'New users get ids from here on, above all that are known',
  ),
  REELSTREAM_API_PRIMARY_URL: optionalUrl(
    'Recommender that makes new users, for instances other than 0: calls for one are sent there (307). Empty = 503 there',
  ),
  REELSTREAM_API_COMPAT: choice(
    ['none', 'movierec'],
    'none',
    'movierec: the odd types of MovieRec v1, for clients that rely on them',
  ),
  REELSTREAM_API_MAX_BODY_BYTES: integer(10_000, 1_000, 10_000_000, 'Largest body of a request'),
  REELSTREAM_API_KEY: secret('Key that calls below /api/v1 must carry; empty = none is asked for'),
  REELSTREAM_API_CORS_ORIGINS: text(
    '',
    'Origins whose pages may call the API, separated by commas; * = all, empty = none',
  ),
  REELSTREAM_API_REQUESTS_PER_MINUTE: integer(
    0,
    0,
    10_000_000,
    'Calls that one client address may make in a minute; 0 = no limit',
  ),
} as const satisfies Record<string, SettingSpec>;
