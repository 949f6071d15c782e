import { type ClickHouse, connectClickHouse } from '../clickhouse/connection.ts';
import type { Settings } from '../runtime/settings.ts';

/** Settings -> driver options. The only place that knows both; commands call it, drivers never see settings. */
export function clickHouseFrom(
  settings: Settings,
  options: { readonly requestTimeoutMs?: number } = {},
): ClickHouse {
  return connectClickHouse({
    url: settings.REELSTREAM_CLICKHOUSE_URL,
    username: settings.REELSTREAM_CLICKHOUSE_USERNAME,
    password: settings.REELSTREAM_CLICKHOUSE_PASSWORD,
    database: settings.REELSTREAM_CLICKHOUSE_DATABASE,
    ...options,
  });
}
