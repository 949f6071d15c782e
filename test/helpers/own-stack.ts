import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePorts } from '../../embedded/supervisor/ports.ts';

/** Settings of a whole stack of a test's own: free ports, a temporary home. */
export interface OwnStack {
  readonly home: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly clickhouseUrl: string;
  /** command lines of living processes that belong to this stack */
  processes(): string[];
  remove(): void;
}

export async function planOwnStack(): Promise<OwnStack> {
  const home = mkdtempSync(join(tmpdir(), 'reelstream-own-'));
  const names = [
    'KAFKA_PORT',
    'KAFKA_CONTROLLER_PORT',
    'REGISTRY_PORT',
    'CLICKHOUSE_PORT',
    'PROMETHEUS_PORT',
    'ALERTMANAGER_PORT',
    'SINK_METRICS_PORT',
    'PRODUCER_METRICS_PORT',
    'RECOMMENDER_PORT',
    'RECONCILER_METRICS_PORT',
    'CONSOLE_PORT',
  ] as const;
  const ports = await findFreePorts(names.length);
  const clickhouse = ports[names.indexOf('CLICKHOUSE_PORT')];
  const clickhouseUrl = `http://127.0.0.1:${clickhouse}`;
  const environment = {
    REELSTREAM_HOME: home,
    ...Object.fromEntries(names.map((name, i) => [`REELSTREAM_${name}`, String(ports[i])])),
  };
  return {
    home,
    environment,
    clickhouseUrl,
    processes: () => processesWith(`REELSTREAM_HOME=${home}`),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** Every process inherits the environment it was started with, whoever its parent is by now. Linux only. */
export function processesWith(variable: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const environment = read(`/proc/${pid}/environ`).split('\0');
      return environment.includes(variable) ? [read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')] : [];
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // the process ended between the listing and the look
    return '';
  }
}
