import { type ClickHouse, connectClickHouse } from '../clickhouse/connection.ts';
import type { Settings } from '../runtime/settings.ts';
import { clickHouseFrom } from './wiring.ts';

export interface ReadOnly {
  readonly clickhouse: ClickHouse;
  /** settings that every statement carries */
  readonly limits: Readonly<Record<string, number>>;
}

/** A server refuses to be told `readonly` by a user who has it already, so only a user who may write asks for it. */
export function connectReadOnly(settings: Settings): ReadOnly {
  const username = settings.REELSTREAM_CLICKHOUSE_READONLY_USERNAME;
  if (username === '') return { clickhouse: clickHouseFrom(settings), limits: { readonly: 1 } };
  const clickhouse = connectClickHouse({
    url: settings.REELSTREAM_CLICKHOUSE_URL,
    username,
    password: settings.REELSTREAM_CLICKHOUSE_READONLY_PASSWORD,
    database: settings.REELSTREAM_CLICKHOUSE_DATABASE,
  });
  return { clickhouse, limits: {} };
}
