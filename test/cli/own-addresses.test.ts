import { describe, expect, it } from 'vitest';
import { requireOwnAddresses } from '../../cli/own-addresses.ts';
import { readSettings } from '../../runtime/settings.ts';

const refusal = (environment: Record<string, string>) => () => requireOwnAddresses(readSettings(environment));

describe('start and up', () => {
  it('take addresses that are their own stack, however they are written', () => {
    expect(refusal({})).not.toThrow();
    expect(refusal({ REELSTREAM_CLICKHOUSE_PORT: '8124', REELSTREAM_KAFKA_PORT: '9192' })).not.toThrow();
    const written = {
      REELSTREAM_KAFKA_BROKERS: 'localhost:9092',
      REELSTREAM_REGISTRY_URL: 'http://127.0.0.1:8081/apis/ccompat/v7/',
      REELSTREAM_CLICKHOUSE_URL: 'http://localhost:8123/',
    };
    expect(refusal(written)).not.toThrow();
  });

  it.each([
    ['REELSTREAM_CLICKHOUSE_URL', 'http://127.0.0.1:8123', 'REELSTREAM_CLICKHOUSE_PORT', '8124'],
    ['REELSTREAM_CLICKHOUSE_URL', 'https://clickhouse.example:8443', 'REELSTREAM_CLICKHOUSE_PORT', '8123'],
    ['REELSTREAM_REGISTRY_URL', 'http://127.0.0.1:8081', 'REELSTREAM_REGISTRY_PORT', '8081'],
    ['REELSTREAM_KAFKA_BROKERS', '127.0.0.1:9092,127.0.0.1:9093', 'REELSTREAM_KAFKA_PORT', '9092'],
  ])('refuse %s=%s, naming %s=%s as well', (address, value, port, number) => {
    const refuse = refusal({ [address]: value, [port]: number });
    expect(refuse).toThrow(expect.objectContaining({ code: 'settings' }));
    expect(refuse).toThrow(
      new RegExp(`^${address} is ${value.replace('?', '.')}, but the embedded .* \\(${port}\\)`),
    );
  });
});
