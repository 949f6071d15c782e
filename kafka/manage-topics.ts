import kafkajs, { type Admin } from 'kafkajs';
import type { Clock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { errorTypeOf } from './protocol-errors.ts';
import type { TopicDefinition } from './topics.ts';

const CREATION_TRIES = 50;
const CREATION_RETRY_MS = 100;

/** What other code rests on: limits and retention are the operator's to change, these two are not. */
const FIXED_SETTINGS = ['message.timestamp.type', 'cleanup.policy'];

/**
 * Creates what is missing.
 * @throws ReelstreamError `kafka` when a topic exists with another number of partitions or another fixed setting
 */
export async function ensureTopics(
  admin: Admin,
  definitions: readonly TopicDefinition[],
  clock: Clock,
): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = definitions.filter(({ name }) => !existing.has(name));
  if (missing.length > 0) await createTopics(admin, missing);
  // A broker that has taken the order for a topic learns of it, and of its leaders, a little later
  for (let tries = 1; ; tries++) {
    try {
      await verifyPartitions(admin, definitions);
      return await verifySettings(admin, definitions);
    } catch (error) {
      if (errorTypeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION' || tries === CREATION_TRIES) throw error;
      await clock.sleep(CREATION_RETRY_MS);
    }
  }
}

/** @throws ReelstreamError `kafka` when a topic is missing or has another fixed setting than its definition names */
export async function checkTopics(
  admin: Admin,
  definitions: readonly Pick<TopicDefinition, 'name' | 'config'>[],
): Promise<void> {
  // Brokers also describe the settings that a topic would have if it were there
  await partitionCounts(
    admin,
    definitions.map(({ name }) => name),
  );
  await verifySettings(admin, definitions);
}

export async function partitionCounts(admin: Admin, names: string[]): Promise<ReadonlyMap<string, number>> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  } catch (cause) {
    if (errorTypeOf(cause) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw cause;
    throw new ReelstreamError('kafka', `no such topic among ${names.join(', ')}`, { cause });
  }
}

async function createTopics(admin: Admin, definitions: readonly TopicDefinition[]): Promise<void> {
  // -1: as many replicas as the broker's default says
  const topics = definitions.map(({ name, partitions, config }) => ({
    topic: name,
    numPartitions: partitions,
    replicationFactor: -1,
    configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
  }));
  // False when somebody else was faster, which is as good
  await admin.createTopics({ topics, waitForLeaders: false });
}

async function verifyPartitions(admin: Admin, definitions: readonly TopicDefinition[]): Promise<void> {
  const counts = await partitionCounts(
    admin,
    definitions.map(({ name }) => name),
  );
  for (const { name, partitions } of definitions) {
    const found = counts.get(name);
    if (found === partitions) continue;
    throw new ReelstreamError(
      'kafka',
      `topic ${name} has ${found} partitions, the settings say ${partitions}: change the setting, or the topic`,
      { details: { topic: name } },
    );
  }
}

async function verifySettings(
  admin: Admin,
  definitions: readonly Pick<TopicDefinition, 'name' | 'config'>[],
): Promise<void> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: definitions.map(({ name }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: FIXED_SETTINGS,
    })),
  });
  for (const { resourceName, configEntries } of resources) {
    const found = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
    const wanted = definitions.find(({ name }) => name === resourceName)?.config ?? {};
    for (const key of FIXED_SETTINGS) verifySetting(resourceName, key, found.get(key), wanted[key]);
  }
}

function verifySetting(
  topic: string,
  key: string,
  found: string | undefined,
  wanted: string | undefined,
): void {
  if (wanted === undefined || found === wanted) return;
  throw new ReelstreamError(
    'kafka',
    `topic ${topic} has ${key}=${found}, needed is ${wanted}: ` +
      `kafka-configs --alter --entity-type topics --entity-name ${topic} --add-config ${key}=${wanted}`,
    { details: { topic } },
  );
}
