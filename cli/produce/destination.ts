import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { KafkaAdmin, LogBounds } from '../../kafka/admin.ts';
import { proveRefusal, SWITCHED_RATING_EVENT } from '../../producer/faults/schema-switch.ts';
import type { LedgerLog } from '../../producer/ledger/ledger.ts';
import type { Settings } from '../../runtime/settings.ts';
import { RATING_EVENT } from '../../schemas/contracts.ts';
import { boundsIfThere } from '../verify/plan-letters.ts';
import { kafkaAdminFrom, registryFrom, topicsFrom } from '../wiring.ts';
import type { Destination, LoadPlan } from './load-plan.ts';
import { refuseAbsentPartition } from './refusals.ts';

/** Asks Kafka and the registry for what the run needs of them; nothing is asked where it needs nothing. */
export async function openDestination(plan: LoadPlan, settings: Settings): Promise<Destination> {
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const { options, format, faults } = plan;
  const log = options.sink === 'kafka' ? await openLog(settings, options.createTopic === true) : null;
  if (log !== null) refuseAbsentPartition(faults, topic, log.startOffsets.length);
  if (options.sink !== 'kafka' || format !== 'avro') {
    return { topic, log, schemaId: format === 'avro' ? 0 : null, switchedSchemaId: null };
  }
  const registry = registryFrom(settings);
  const schemaId = await registry.register(RATING_EVENT);
  const switchedSchemaId =
    faults.schemaSwitchAtMs === null ? null : await registry.register(SWITCHED_RATING_EVENT);
  return { topic, log, schemaId, switchedSchemaId };
}

async function openLog(settings: Settings, createTopic: boolean): Promise<LedgerLog> {
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const admin = kafkaAdminFrom(settings, 'reelstream-producer');
  try {
    await requireTopic(admin, settings, createTopic);
    const letterTopic = settings.REELSTREAM_DEAD_LETTER_TOPIC;
    return {
      clusterId: await admin.clusterId(),
      topic,
      startOffsets: endsOf(await admin.bounds(topic)),
      letters: { topic: letterTopic, startOffsets: endsOf(await boundsIfThere(admin, letterTopic)) },
    };
  } finally {
    await admin.close();
  }
}

function endsOf(bounds: ReadonlyMap<number, LogBounds>): number[] {
  return Array.from({ length: bounds.size }, (_, partition) => bounds.get(partition)!.end);
}

/** @throws ReelstreamError `kafka` when the topic is not there and may not be created */
export async function requireTopic(admin: KafkaAdmin, settings: Settings, create: boolean): Promise<void> {
  if (create) return admin.ensureTopics(topicsFrom(settings));
  try {
    await admin.partitionCount(settings.REELSTREAM_RATINGS_TOPIC);
  } catch (cause) {
    const { code, message, details } = toReelstreamError(cause);
    if (code !== 'kafka') throw cause;
    throw new ReelstreamError(code, `${message}: add --create-topic`, { cause, details });
  }
}

/** Offers the registry an incompatible version; what it said. @throws ReelstreamError when it took it */
export async function offerIncompatible(settings: Settings): Promise<string> {
  const registry = registryFrom(settings);
  return proveRefusal((contract) => registry.register(contract));
}
