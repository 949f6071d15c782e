import { ReelstreamError } from '../core/errors.ts';
import { registryUrl } from '../embedded/registry.ts';
import { LOOPBACK } from '../embedded/supervisor/ports.ts';
import type { SettingName, Settings } from '../runtime/settings.ts';

interface Part {
  readonly what: string;
  readonly address: SettingName;
  readonly port: SettingName;
  readonly own: string;
}

/**
 * `start` and `up` run a stack of their own and change what is in it. An address that names another server must not silently
 * have its tables and topics changed.
 * @throws ReelstreamError `settings`, naming both settings
 */
export function requireOwnAddresses(settings: Settings): void {
  const faults = parts(settings).flatMap(({ what, address, port, own }) => {
    const given = String(settings[address]);
    if (normal(given) === normal(own)) return [];
    return [
      `${address} is ${given}, but the embedded ${what} is at ${own} (${port}): leave ${address} out, or run the services ` +
        'one by one against the other',
    ];
  });
  if (faults.length > 0) throw new ReelstreamError('settings', faults.join('\n'));
}

function parts(settings: Settings): Part[] {
  return [
    {
      what: 'Kafka',
      address: 'REELSTREAM_KAFKA_BROKERS',
      port: 'REELSTREAM_KAFKA_PORT',
      own: `${LOOPBACK}:${settings.REELSTREAM_KAFKA_PORT}`,
    },
    {
      what: 'registry',
      address: 'REELSTREAM_REGISTRY_URL',
      port: 'REELSTREAM_REGISTRY_PORT',
      own: registryUrl(settings.REELSTREAM_REGISTRY_PORT),
    },
    {
      what: 'ClickHouse',
      address: 'REELSTREAM_CLICKHOUSE_URL',
      port: 'REELSTREAM_CLICKHOUSE_PORT',
      own: `http://${LOOPBACK}:${settings.REELSTREAM_CLICKHOUSE_PORT}`,
    },
  ];
}

/** Other ways to write the same. */
function normal(address: string): string {
  return address.replace(/\/+$/, '').replace(/(^|\/\/)localhost:/i, `$1${LOOPBACK}:`);
}
