import { describe, expect, it } from 'vitest';
import { clickHouseEnvironment } from '../../cli/stack.ts';
import { readSettings } from '../../runtime/settings.ts';

describe('what the ClickHouse server of a stack is started with', () => {
  it('is every setting that is its own, as text', () => {
    const given = {
      REELSTREAM_CLICKHOUSE_PASSWORD: 'pw',
      REELSTREAM_CLICKHOUSE_READONLY_USERNAME: 'reader',
      REELSTREAM_CLICKHOUSE_MEMORY_MB: '700',
    };
    const environment = clickHouseEnvironment(readSettings(given));
    expect(environment).toMatchObject(given);
    // Read back, nothing is lost or another value
    expect(readSettings(environment)).toEqual(readSettings(given));
  });
});
