import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ReelstreamError } from '../core/errors.ts';
import { answersOk } from './http-probe.ts';
import { javaArguments } from './java.ts';
import { LOOPBACK } from './supervisor/ports.ts';
import type { ProcessSpec } from './supervisor/process-spec.ts';

/** Where the Confluent API lives inside Apicurio. */
const CONFLUENT_PATH = '/apis/ccompat/v7';

export interface RegistryOptions {
  /** the unpacked registry */
  readonly registryFolder: string;
  readonly javaCommand: string;
  readonly port: number;
  /** address of the Kafka that stores the schemas: `host:port` */
  readonly brokers: string;
  readonly maxHeapMb: number;
}

/** Base address of the Confluent API of a registry on this port. */
export function registryUrl(port: number): string {
  return `http://${LOOPBACK}:${port}${CONFLUENT_PATH}`;
}

/** Apicurio with its storage in Kafka: schemas and their ids live as long as the log does. */
export function createRegistrySpec(options: RegistryOptions): ProcessSpec {
  return {
    name: 'registry',
    command: options.javaCommand,
    // A few requests a minute never earn the second compiler's memory and start-up time
    args: [
      ...javaArguments(options.maxHeapMb),
      '-XX:TieredStopAtLevel=1',
      '-jar',
      findRunnerJar(options.registryFolder),
    ],
    // The runner finds its libraries relative to its own folder
    cwd: options.registryFolder,
    env: {
      APICURIO_STORAGE_KIND: 'kafkasql',
      APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: options.brokers,
      // It waits this long for a snapshot, which nobody here ever takes; the default of 5 s would delay every start
      APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT: '250',
      QUARKUS_HTTP_HOST: LOOPBACK,
      QUARKUS_HTTP_PORT: String(options.port),
      QUARKUS_LOG_LEVEL: 'WARN',
    },
    after: ['kafka'],
    ports: [{ port: options.port, setting: 'REELSTREAM_REGISTRY_PORT' }],
    files: [],
    async prepare() {},
    isReady: () => answersOk(`${registryUrl(options.port)}/subjects`),
    readyDeadlineMs: 90_000,
    stopDeadlineMs: 15_000,
    optional: false,
  };
}

function findRunnerJar(folder: string): string {
  const jar = existsSync(folder) && readdirSync(folder).find((name) => name.endsWith('-runner.jar'));
  if (!jar) {
    throw new ReelstreamError('unavailable', `no registry in ${folder}: run node scripts/setup.mjs`, {
      retryable: false,
    });
  }
  return join(folder, jar);
}
