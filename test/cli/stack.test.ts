import { describe, expect, it } from 'vitest';
import { clickHouseEnvironment, supervisorOptions } from '../../cli/stack.ts';
import { noEnvFile } from '../../runtime/environment.ts';
import { readSettings } from '../../runtime/settings.ts';

it('what a supervisor starts is handed its settings, and adds none from another .env', () => {
  const { environment } = supervisorOptions(
    readSettings({}),
    'supervise',
    () => {},
    new AbortController().signal,
  );
  expect(environment).toMatchObject({ PATH: process.env.PATH, ...noEnvFile });
});

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
