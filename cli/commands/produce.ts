import { randomBytes, randomInt } from 'node:crypto';
import { join, resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import { parseRunId } from '../../core/event-id.ts';
import type { MetricName } from '../../core/metrics-catalogue.ts';
import { constantRate } from '../../core/pace.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import { openRdkafkaWriter } from '../../kafka/rdkafka-writer.ts';
import type { ProducerProgress } from '../../producer/producer-run.ts';
import { planReplay, type ReplayPlan } from '../../producer/replay-plan.ts';
import { runProducer } from '../../producer/run-producer.ts';
import type { Settings } from '../../runtime/settings.ts';
import { RATING_EVENT } from '../../schemas/contracts.ts';
import { createRatingEncoder } from '../../schemas/rating-codec.ts';
import { action, type Configure, parseDurationMs, parseInteger } from '../command.ts';
import { createProgress } from '../print.ts';
import { takeProducerLock } from '../produce/producer-lock.ts';
import { progressLine, refuseLoss, showReport } from '../produce/report.ts';
import { type Frame, type FramedService, runFramed } from '../service-frame.ts';
import { stackHome } from '../stack.ts';
import { kafkaAdminFrom, kafkaConnectionFrom, registryFrom, sampleFolder, topicsFrom } from '../wiring.ts';

interface Options {
  readonly rate?: number;
  readonly for?: number;
  readonly count?: number;
  readonly ratings: string;
  readonly seed?: number;
  readonly runId?: string;
  readonly once?: boolean;
  readonly createTopic?: boolean;
  readonly json?: boolean;
  readonly reportJson?: string;
}

/** The rest of the stop's time is for letting go of the connection. */
const FLUSH_SHARE_OF_STOP = 0.8;
const CLOSE_DEADLINE_MS = 1_000;
const METRIC_NAMES: readonly MetricName[] = [
  'producer_target_events_per_second',
  'producer_events_generated_total',
  'producer_events_acked_total',
  'producer_events_failed_total',
  'producer_acked_bytes_total',
  'producer_queue_events',
  'producer_schedule_delay_seconds',
];

const HELP = `
Replays a ratings file in time order, then goes on with live ratings drawn from it. Every event has its intended time;
what a stall held up is caught up. The position is kept per cluster, topic and file under REELSTREAM_HOME: a second run
goes on where the first stopped and nothing is replayed twice, also after a crash.

  --run-id pins the run that event ids are made of; the same id goes on where it was, another one starts from the first
  event. --seed decides what the live events say; 0 is a seed, without one it is random and printed.

Exit codes: 0 every generated event was acknowledged, 1 some failed, 2 wrong use, 3 Kafka or the registry is away`;

export const configure: Configure = (command) => {
  command
    .description('send rating events to Kafka: replay a file, then live load')
    .option(
      '--rate <n>',
      'events per second (default REELSTREAM_PRODUCER_RATE)',
      parseInteger('--rate', 1, 10_000_000),
    )
    .option('--for <duration>', 'stop after this time (60s, 5m)', parseDurationMs)
    .option('--count <n>', 'stop after this many events', parseInteger('--count', 1, Number.MAX_SAFE_INTEGER))
    .option('--ratings <file>', 'ratings to replay', join(sampleFolder, 'ml-latest-small', 'ratings.csv'))
    .option('--once', 'stop when the file has been replayed')
    .option(
      '--seed <n>',
      'decides the content of live events',
      parseInteger('--seed', 0, Number.MAX_SAFE_INTEGER),
    )
    .option('--run-id <hex>', 'up to 15 hexadecimal digits; decides the event ids', runIdOption)
    .option('--create-topic', 'create the topics when they are missing')
    .option('--report-json <file>', 'also write the summary to this file')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', HELP)
    .action(
      action((options: Options, settings) =>
        runFramed(
          settings,
          {
            name: 'producer',
            port: settings.REELSTREAM_PRODUCER_METRICS_PORT,
            metricNames: METRIC_NAMES,
            knownLabels: { topic: [settings.REELSTREAM_RATINGS_TOPIC] },
            logDescriptor: 2,
          },
          (frame) => startProducer(options, settings, frame),
        ),
      ),
    );
};

function runIdOption(text: string): string {
  const runId = parseRunId(text);
  if (runId !== null) return runId;
  throw new ReelstreamError('usage', `--run-id: "${text}" is not 1 to 15 hexadecimal digits`);
}

async function startProducer(options: Options, settings: Settings, frame: Frame): Promise<FramedService> {
  const plan = await openPlan(options, settings);
  try {
    return await startRun(plan, options, settings, frame);
  } catch (error) {
    await plan.release();
    throw error;
  }
}

async function openPlan(options: Options, settings: Settings): Promise<ReplayPlan> {
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const admin = kafkaAdminFrom(settings, 'reelstream-producer');
  try {
    if (options.createTopic) await admin.ensureTopics(topicsFrom(settings));
    else await requireTopic(admin, topic);
    const ends = [...(await admin.bounds(topic)).values()].map(({ end }) => end);
    return await planReplay(
      {
        clusterId: await admin.clusterId(),
        topic,
        recordsWritten: ends.reduce((sum, end) => sum + end, 0),
        stateFolder: join(stackHome(settings), 'state', 'producer'),
        takeLock: takeProducerLock,
      },
      {
        ratingsPath: resolve(options.ratings),
        once: options.once === true,
        seed: options.seed,
        runId: options.runId,
      },
      { runId: randomBytes(8).toString('hex').slice(1), seed: randomInt(2 ** 32) },
    );
  } finally {
    await admin.close();
  }
}

async function requireTopic(admin: KafkaAdmin, topic: string): Promise<void> {
  try {
    await admin.partitionCount(topic);
  } catch (cause) {
    const { code, message, details } = toReelstreamError(cause);
    if (code !== 'kafka') throw cause;
    throw new ReelstreamError(code, `${message}: add --create-topic`, { cause, details });
  }
}

async function startRun(
  plan: ReplayPlan,
  options: Options,
  settings: Settings,
  { logger, metrics }: Frame,
): Promise<FramedService> {
  const { run, source, saveNext } = plan;
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const encode = createRatingEncoder(await registryFrom(settings).register(RATING_EVENT));
  const writer = await openRdkafkaWriter({
    connection: kafkaConnectionFrom(settings, 'reelstream-producer'),
    topic,
    maxQueueRecords: settings.REELSTREAM_PRODUCER_MAX_BACKLOG_EVENTS,
    logger,
  });
  logger.info({ ...run, topic }, `${run.kind} run ${run.runId}, from event ${run.first}`);

  const stopping = new AbortController();
  const progress = createProgress();
  let shown: ProducerProgress | undefined;
  const producing = runProducer(
    {
      writer,
      encode,
      source,
      saveNext,
      clock: systemClock,
      metrics,
      logger,
      signal: stopping.signal,
      onProgress(now) {
        shown = now;
        progress.update(progressLine(now, run));
      },
    },
    {
      topic,
      runId: run.runId,
      first: run.first,
      profile: constantRate(options.rate ?? settings.REELSTREAM_PRODUCER_RATE),
      count: options.count,
      durationMs: options.for,
      flushDeadlineMs: settings.REELSTREAM_STOP_TIMEOUT_MS * FLUSH_SHARE_OF_STOP,
    },
  ).finally(async () => {
    progress.done();
    await writer.close(CLOSE_DEADLINE_MS);
    await plan.release();
  });
  const done = producing.then(async (report) => {
    await showReport(report, run, topic, options);
    refuseLoss(report);
  });
  return {
    done,
    async stop() {
      stopping.abort();
      // a rejection is for whoever waits for `done`
      await done.catch(() => undefined);
    },
    alive: () => true,
    notReady: () => [],
    status: () => ({ topic, ...run, ...shown }),
  };
}
