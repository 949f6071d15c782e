import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { latestCatalogVersion, loadFilmIndex } from '../../clickhouse/film-index.ts';
import { pendingMigrations, readMigrations } from '../../clickhouse/migrate.ts';
import { selfTest } from '../../clickhouse/self-test.ts';
import { watchCatalog } from '../../consumers/catalog-watch.ts';
import { Sink } from '../../consumers/sink.ts';
import type { SinkOptions } from '../../consumers/sink-context.ts';
import { SINK_METRICS } from '../../consumers/sink-metrics.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { createDeadLetterWriter } from '../../kafka/dead-letter-writer.ts';
import { createKafkajsReader } from '../../kafka/kafkajs-reader.ts';
import { deadLetterTopic, ratingsTopic } from '../../kafka/topics.ts';
import type { Settings } from '../../runtime/settings.ts';
import { RATING_EVENT } from '../../schemas/contracts.ts';
import { createRatingDecoder } from '../../schemas/rating-codec.ts';
import type { Registry } from '../../schemas/registry.ts';
import { action, type Configure } from '../command.ts';
import { type Frame, type FramedService, runFramed } from '../service-frame.ts';
import {
  clickHouseFrom,
  kafkaAdminFrom,
  kafkaConnectionFrom,
  migrationsFolder,
  registryFrom,
} from '../wiring.ts';

interface Options {
  /** commander's name for --without-catalog */
  readonly withoutCatalog?: boolean;
}

const CLIENT_ID = 'reelstream-sink';
/** Beyond the store's own deadline, which asks the server first: only for a request that nobody answers at all. */
const INSERT_MARGIN_MS = 5_000;
/** Statements of a former owner get this long to end by themselves before they are killed. */
const DRAIN_GRACE_MS = 2_000;
/** A claim shows a sign of life after every statement, none of which takes seconds; a look at the log takes at most 10 s. */
const STALL_TIMEOUT_MS = 30_000;
const DEAD_LETTER_TIMEOUT_MS = 15_000;
const REVOKE_MARGIN_MS = 1_000;
/** The rest of the stop's time is for leaving the group and closing connections. */
const DRAIN_SHARE_OF_STOP = 0.7;

const HELP = `
Reads the ratings topic as a member of REELSTREAM_SINK_GROUP and writes every record once into events_raw, with all
aggregates in the same statement. Positions come from the tables; Kafka's committed offsets only show lag. Run as many as
the topic has partitions.

A ratings topic with the producers' times instead of the broker's, or with compaction, is refused: verdicts, delays and the
comparison of log and tables rest on neither being so.

A partition is halted when log and tables disagree (retention overtook it, or the topic was re-created): the others go on,
/readyz says why, and the log says what to do.

Exit codes: 0 drained after SIGINT or SIGTERM, 1 something unexpected, 2 no tables or no catalogue,
3 ClickHouse or Kafka was away at the start`;

export const configure: Configure = (command) => {
  command
    .description('Kafka to ClickHouse: events_raw and every aggregate, exactly once per log record')
    .option('--without-catalog', 'start although no catalogue is loaded: genres and companies stay unknown')
    .addHelpText('after', HELP)
    .action(
      action((options: Options, settings) =>
        runFramed(
          settings,
          {
            name: 'sink',
            port: settings.REELSTREAM_SINK_METRICS_PORT,
            metricNames: SINK_METRICS,
            knownLabels: {
              topic: [settings.REELSTREAM_RATINGS_TOPIC],
              group: [settings.REELSTREAM_SINK_GROUP],
              table: ['events_raw'],
            },
          },
          (frame) => startSink(options, settings, frame),
        ),
      ),
    );
};

async function startSink(options: Options, settings: Settings, frame: Frame): Promise<FramedService> {
  const { logger, metrics } = frame;
  const clock = systemClock;
  const connection = kafkaConnectionFrom(settings, CLIENT_ID);
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const clickhouse = clickHouseFrom(settings, {
    requestTimeoutMs: settings.REELSTREAM_SINK_INSERT_TIMEOUT_MS + INSERT_MARGIN_MS,
  });
  const admin = kafkaAdminFrom(settings, CLIENT_ID);
  const closers: (() => Promise<unknown>)[] = [() => clickhouse.close(), () => admin.close()];
  const close = async () => {
    for (const one of closers.reverse()) await one();
  };
  try {
    await requireTables(clickhouse);
    const { ran, elapsedMs } = await selfTest(clickhouse);
    if (ran)
      logger.info({ elapsedMs: Math.round(elapsedMs) }, 'this server keeps what the delivery protocol needs');
    await admin.checkTopics([ratingsTopic(topic, settings.REELSTREAM_RATINGS_PARTITIONS)]);
    await admin.ensureTopics([deadLetterTopic(settings.REELSTREAM_DEAD_LETTER_TOPIC)]);
    const catalog = await watchCatalog({
      latestVersion: () => latestCatalogVersion(clickhouse),
      load: (version) => loadFilmIndex(clickhouse, version),
      pollIntervalMs: settings.REELSTREAM_CATALOG_POLL_INTERVAL_MS,
      isOptional: options.withoutCatalog === true,
      clock,
      logger,
      metrics,
    });
    closers.push(() => catalog.stop());
    const deadLetters = createDeadLetterWriter({
      connection,
      topic: settings.REELSTREAM_DEAD_LETTER_TOPIC,
      logger,
    });
    closers.push(() => deadLetters.close());
    const registry = registryFrom(settings, metrics);
    await makeKnown(registry, logger);
    const sink = new Sink(sinkOptions(settings), {
      reader: createKafkajsReader({
        connection,
        topic,
        groupId: settings.REELSTREAM_SINK_GROUP,
        sessionTimeoutMs: settings.REELSTREAM_SINK_SESSION_TIMEOUT_MS,
        rebalanceTimeoutMs: settings.REELSTREAM_SINK_REBALANCE_TIMEOUT_MS,
        logger,
        metrics,
      }),
      store: await createSinkStore(clickhouse, {
        clock,
        insertTimeoutMs: settings.REELSTREAM_SINK_INSERT_TIMEOUT_MS,
        drain: { graceMs: DRAIN_GRACE_MS, timeoutMs: settings.REELSTREAM_SINK_DRAIN_TIMEOUT_MS },
      }),
      probe: admin,
      decoder: createRatingDecoder({ maxBytes: settings.REELSTREAM_SINK_MAX_RECORD_BYTES }),
      schemaOf: (schemaId, signal) => registry.schemaOf(schemaId, signal),
      writeDeadLetters: (records) => deadLetters.write(records),
      films: catalog.films,
      metrics,
      logger,
      clock,
    });
    await sink.start();
    return framed(sink, close, logger);
  } catch (error) {
    await close();
    throw error;
  }
}

function framed(sink: Sink, close: () => Promise<void>, logger: Logger): FramedService {
  return {
    done: sink.done,
    async stop() {
      await sink.stop();
      const { counts } = sink.status();
      logger.info({ ...counts }, 'drained');
      await close();
    },
    alive: () => sink.isAlive(),
    notReady: () => sink.notReady(),
    status: () => sink.status(),
  };
}

/** What the registry says about a missing id only counts once it knows our subject; an outage is no reason not to start. */
async function makeKnown(registry: Registry, logger: Logger): Promise<void> {
  try {
    await registry.register(RATING_EVENT);
  } catch (thrown) {
    const { code, message } = toReelstreamError(thrown);
    logger.warn(
      { code, error: message },
      'rating schema not registered; partitions wait where they need the registry',
    );
  }
}

async function requireTables(clickhouse: ClickHouse): Promise<void> {
  const pending = await pendingMigrations(clickhouse, readMigrations(migrationsFolder)).catch((thrown) => {
    throw explained(toReelstreamError(thrown));
  });
  if (pending.length === 0) return;
  throw new ReelstreamError(
    'usage',
    `tables are not up to date (${pending.join(', ')}): run \`reelstream migrate\``,
  );
}

/** UNKNOWN_DATABASE */
const NO_DATABASE = 81;

function explained(error: ReelstreamError): ReelstreamError {
  if (error.details.number !== NO_DATABASE) return error;
  return new ReelstreamError('usage', 'there is no database yet: run `reelstream migrate`', { cause: error });
}

function sinkOptions(settings: Settings): SinkOptions {
  return {
    topic: settings.REELSTREAM_RATINGS_TOPIC,
    group: settings.REELSTREAM_SINK_GROUP,
    allowedLatenessMs: settings.REELSTREAM_SINK_ALLOWED_LATENESS_MS,
    flushMinIntervalMs: settings.REELSTREAM_SINK_FLUSH_MIN_INTERVAL_MS,
    flushMaxIntervalMs: settings.REELSTREAM_SINK_FLUSH_MAX_INTERVAL_MS,
    maxBatchRows: settings.REELSTREAM_SINK_MAX_BATCH_ROWS,
    maxBatchBytes: settings.REELSTREAM_SINK_MAX_BATCH_BYTES,
    insertTimeoutMs: settings.REELSTREAM_SINK_INSERT_TIMEOUT_MS + INSERT_MARGIN_MS,
    stallTimeoutMs: STALL_TIMEOUT_MS,
    deadLetterTimeoutMs: DEAD_LETTER_TIMEOUT_MS,
    // the reader itself waits for half of the rebalance time-out
    revokeTimeoutMs: settings.REELSTREAM_SINK_REBALANCE_TIMEOUT_MS / 2 - REVOKE_MARGIN_MS,
    drainTimeoutMs: settings.REELSTREAM_STOP_TIMEOUT_MS * DRAIN_SHARE_OF_STOP,
  };
}
