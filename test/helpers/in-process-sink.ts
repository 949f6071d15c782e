import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import { latestCatalogVersion, loadFilmIndex } from '../../clickhouse/film-index.ts';
import type { SinkStore } from '../../clickhouse/sink-store.ts';
import { Sink } from '../../consumers/sink.ts';
import { systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { noMetrics } from '../../core/metrics-port.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { createDeadLetterWriter } from '../../kafka/dead-letter-writer.ts';
import { createKafkajsReader } from '../../kafka/kafkajs-reader.ts';
import { RATINGS_SUBJECT } from '../../schemas/contracts.ts';
import { createRatingDecoder } from '../../schemas/rating-codec.ts';
import { createRegistry } from '../../schemas/registry.ts';
import type { SharedPipeline } from './pipeline.ts';

/** The real sink inside the test, so that one rule of its protocol can be broken on purpose: `sabotage` wraps the store. */
export async function startSabotagedSink(
  pipeline: SharedPipeline,
  sabotage: (store: SinkStore) => SinkStore,
): Promise<{ stop(): Promise<void> }> {
  const { db, environment } = pipeline;
  const named = (name: string) => environment[`REELSTREAM_${name}`]!;
  const connection = { brokers: [named('KAFKA_BROKERS')], clientId: 'test-sabotage' };
  const [topic, group] = [named('RATINGS_TOPIC'), named('SINK_GROUP')];
  const admin = createKafkaAdmin({ connection });
  const deadLetters = createDeadLetterWriter({ connection, topic: named('DEAD_LETTER_TOPIC') });
  const films = await loadFilmIndex(db, await latestCatalogVersion(db));
  const schemas = createRegistry({ url: named('REGISTRY_URL'), witnessSubject: RATINGS_SUBJECT });
  const store = await createSinkStore(db, {
    clock: systemClock,
    insertTimeoutMs: 10_000,
    drain: { graceMs: 200, timeoutMs: 5_000 },
  });
  const sink = new Sink(
    { ...OPTIONS, topic, group },
    {
      reader: createKafkajsReader({
        connection,
        topic,
        groupId: group,
        sessionTimeoutMs: 6_000,
        rebalanceTimeoutMs: 10_000,
      }),
      store: sabotage(store),
      probe: admin,
      decoder: createRatingDecoder({ maxBytes: 1_000_000 }),
      schemaOf: (schemaId, signal) => schemas.schemaOf(schemaId, signal),
      writeDeadLetters: (records) => deadLetters.write(records),
      films: () => films,
      metrics: noMetrics,
      logger: silentLogger,
      clock: systemClock,
    },
  );
  await sink.start();
  return {
    async stop() {
      await sink.stop();
      await deadLetters.close();
      await admin.close();
    },
  };
}

const OPTIONS = {
  allowedLatenessMs: 86_400_000,
  flushMinIntervalMs: 50,
  flushMaxIntervalMs: 100,
  maxBatchRows: 5_000,
  maxBatchBytes: 8_000_000,
  insertTimeoutMs: 12_000,
  stallTimeoutMs: 20_000,
  deadLetterTimeoutMs: 5_000,
  revokeTimeoutMs: 4_000,
  drainTimeoutMs: 10_000,
  retryMinMs: 100,
  retryMaxMs: 500,
};
