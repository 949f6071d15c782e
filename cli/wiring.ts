import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClickHouse, connectClickHouse } from '../clickhouse/connection.ts';
import { ReelstreamError } from '../core/errors.ts';
import type { Metrics } from '../core/metrics-port.ts';
import { createKafkaAdmin, type KafkaAdmin } from '../kafka/admin.ts';
import type { KafkaConnection } from '../kafka/kafkajs-client.ts';
import { deadLetterTopic, ratingsTopic, type TopicDefinition, usersTopic } from '../kafka/topics.ts';
import { projectRoot } from '../runtime/environment.ts';
import type { Settings } from '../runtime/settings.ts';
import { RATINGS_SUBJECT } from '../schemas/contracts.ts';
import { createRegistry, type Registry } from '../schemas/registry.ts';

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

/**
 * @param clientId names the process in the broker's logs and quotas
 * @throws ReelstreamError `settings` when the file of authorities cannot be used
 */
export function kafkaConnectionFrom(settings: Settings, clientId: string): KafkaConnection {
  const mechanism = settings.REELSTREAM_KAFKA_SASL_MECHANISM;
  const authorities = settings.REELSTREAM_KAFKA_TLS_CA_FILE;
  return {
    brokers: settings.REELSTREAM_KAFKA_BROKERS,
    clientId,
    tls: settings.REELSTREAM_KAFKA_TLS,
    ...(authorities === '' ? {} : { tlsAuthorities: readAuthorities(authorities) }),
    ...(mechanism === 'none'
      ? {}
      : {
          sasl: {
            mechanism,
            username: settings.REELSTREAM_KAFKA_SASL_USERNAME,
            password: settings.REELSTREAM_KAFKA_SASL_PASSWORD,
          },
        }),
  };
}

/** A client that finds no certificate in it would trust nobody, and say so of the broker. */
function readAuthorities(path: string): string {
  const fault = (what: string, cause?: unknown) =>
    new ReelstreamError('settings', `REELSTREAM_KAFKA_TLS_CA_FILE: ${what}`, { cause });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw fault((cause as Error).message, cause);
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw fault(`no certificate in ${path}: it must be PEM, which begins with -----BEGIN CERTIFICATE-----`);
}

export function kafkaAdminFrom(settings: Settings, clientId: string): KafkaAdmin {
  return createKafkaAdmin({ connection: kafkaConnectionFrom(settings, clientId) });
}

/** Every topic the project writes or reads. */
export function topicsFrom(settings: Settings): TopicDefinition[] {
  return [
    ratingsTopic(settings.REELSTREAM_RATINGS_TOPIC, settings.REELSTREAM_RATINGS_PARTITIONS),
    usersTopic(settings.REELSTREAM_USERS_TOPIC),
    deadLetterTopic(settings.REELSTREAM_DEAD_LETTER_TOPIC),
  ];
}

export interface RegistryAccess {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

export function registryAccessFrom(settings: Settings): RegistryAccess {
  const { REELSTREAM_REGISTRY_URL: url, REELSTREAM_REGISTRY_USERNAME: username } = settings;
  return username === '' ? { url } : { url, username, password: settings.REELSTREAM_REGISTRY_PASSWORD };
}

export function registryFrom(settings: Settings, metrics?: Metrics): Registry {
  return createRegistry({
    ...registryAccessFrom(settings),
    witnessSubject: RATINGS_SUBJECT,
    ...(metrics ? { metrics } : {}),
  });
}

export const migrationsFolder: string = join(projectRoot, 'clickhouse', 'ddl');
export const questionsFolder: string = join(projectRoot, 'clickhouse', 'questions');
export const sampleFolder: string = join(projectRoot, 'data');
