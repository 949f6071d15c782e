import type { WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import { readEventId } from '../../core/event-id.ts';
import type { Logger } from '../../core/logger.ts';
import { type KafkaWriterOptions, openKafkaWriter } from '../../kafka/kafka-writer.ts';
import type { LogWriter } from '../../kafka/log-writer.ts';
import { CONTENT_DEFAULTS } from '../../producer/content/content-model.ts';
import { CSV_HEADER } from '../../producer/content/text-formats.ts';
import { type Lane, placeOf } from '../../producer/run/lane.ts';
import { createSampledWriter, sampleOfKeys } from '../../producer/run/sampled-writer.ts';
import { createNullWriter } from '../../producer/sinks/null-writer.ts';
import { createTextWriter } from '../../producer/sinks/text-writer.ts';
import type { Settings } from '../../runtime/settings.ts';
import { kafkaConnectionFrom } from '../wiring.ts';
import type { LoadPlan } from './load-plan.ts';

/** A record of own event `i` got its answer. */
export type Settle = (i: number, failed: boolean) => void;

/** A hundredth of the users, or as many as make it likely that there are some. */
const LARGEST_SAMPLE_STEP = 100;
const USERS_IN_SAMPLE = 10;
/** Confluent's five bytes, then the event id, the first field of every version. */
const ID_AT = 5;
const ID_BYTES = 16;

/** Where the plan's records go. Kafka is asked for a report per record, or for those of a sample of users. */
export async function openLaneWriter(
  plan: LoadPlan,
  lane: Lane,
  settings: Settings,
  logger: Logger,
  settle: Settle,
): Promise<LogWriter> {
  const { options, format } = plan;
  const onTaken = (tag: number) => settle(tag, false);
  const header = format === 'csv' ? CSV_HEADER : undefined;
  switch (options.sink) {
    case 'null':
      return createNullWriter(plan.reports === 'all' ? onTaken : undefined);
    case 'stdout':
      return createTextWriter({ stream: process.stdout, name: 'stdout', header, onTaken, endsStream: false });
    case 'file': {
      const path = resolve(options.out!);
      const stream = await createFile(path);
      return createTextWriter({ stream, name: path, header, onTaken, endsStream: true });
    }
    case 'kafka':
      return openKafka(plan, lane, settings, logger, settle);
  }
}

async function createFile(path: string): Promise<WriteStream> {
  try {
    return (await open(path, 'wx')).createWriteStream();
  } catch (cause) {
    throw new ReelstreamError('usage', `--out: ${(cause as Error).message}`, { cause });
  }
}

async function openKafka(
  plan: LoadPlan,
  lane: Lane,
  settings: Settings,
  logger: Logger,
  settle: Settle,
): Promise<LogWriter> {
  const shared: KafkaWriterOptions = {
    connection: kafkaConnectionFrom(settings, 'reelstream-producer'),
    topic: settings.REELSTREAM_RATINGS_TOPIC,
    maxQueueRecords: settings.REELSTREAM_PRODUCER_MAX_BACKLOG_EVENTS,
    logger,
  };
  const reported = await openKafkaWriter({
    ...shared,
    onReport: ({ tag, error }) => settle(tag, error !== null),
  });
  if (plan.reports === 'all') return reported;
  try {
    const plain = await openKafkaWriter({
      ...shared,
      onFailed: (_, value) => {
        const i = ownEventOf(value, plan, lane);
        if (i !== null) settle(i, true);
      },
    });
    return createSampledWriter(plain, reported, sampleOfKeys(sampleStep(plan)));
  } catch (error) {
    await reported.close(0);
    throw error;
  }
}

function sampleStep({ options, simulation }: LoadPlan): number {
  const { firstId, lastId } = options.users ?? simulation?.users ?? CONTENT_DEFAULTS.users;
  const step = Math.floor((lastId - firstId + 1) / USERS_IN_SAMPLE);
  return Math.min(LARGEST_SAMPLE_STEP, Math.max(1, step));
}

/** Which own event a failed record was; null for one that is no event of ours, such as poison. */
function ownEventOf(value: Buffer | null, { runId, first }: LoadPlan, lane: Lane): number | null {
  if (value === null || value.length < ID_AT + ID_BYTES) return null;
  const id = readEventId(value.subarray(ID_AT, ID_AT + ID_BYTES));
  if (id === null || id.runId !== runId) return null;
  const i = (id.eventNumber - first - placeOf(lane, 0)) / lane.workers;
  return Number.isInteger(i) && i >= 0 ? i : null;
}
