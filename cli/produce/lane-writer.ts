import type { WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { openKafkaWriter } from '../../kafka/kafka-writer.ts';
import type { LogWriter } from '../../kafka/log-writer.ts';
import { CSV_HEADER } from '../../producer/content/text-formats.ts';
import { createNullWriter } from '../../producer/sinks/null-writer.ts';
import { createTextWriter } from '../../producer/sinks/text-writer.ts';
import type { Settings } from '../../runtime/settings.ts';
import { kafkaConnectionFrom } from '../wiring.ts';
import type { LoadPlan } from './load-plan.ts';

/** A record of own event `i` got its answer. */
export type Settle = (i: number, failed: boolean) => void;

/** Where the plan's records go, and how each fared. */
export async function openLaneWriter(
  { options, format }: LoadPlan,
  settings: Settings,
  logger: Logger,
  settle: Settle,
): Promise<LogWriter> {
  const onTaken = (tag: number) => settle(tag, false);
  const header = format === 'csv' ? CSV_HEADER : undefined;
  switch (options.sink) {
    case 'null':
      return createNullWriter(onTaken);
    case 'stdout':
      return createTextWriter({ stream: process.stdout, name: 'stdout', header, onTaken, endsStream: false });
    case 'file': {
      const path = resolve(options.out!);
      const stream = await createFile(path);
      return createTextWriter({ stream, name: path, header, onTaken, endsStream: true });
    }
    case 'kafka':
      return openKafkaWriter({
        connection: kafkaConnectionFrom(settings, 'reelstream-producer'),
        topic: settings.REELSTREAM_RATINGS_TOPIC,
        maxQueueRecords: settings.REELSTREAM_PRODUCER_MAX_BACKLOG_EVENTS,
        logger,
        onReport: ({ tag, error }) => settle(tag, error !== null),
      });
  }
}

async function createFile(path: string): Promise<WriteStream> {
  try {
    return (await open(path, 'wx')).createWriteStream();
  } catch (cause) {
    throw new ReelstreamError('usage', `--out: ${(cause as Error).message}`, { cause });
  }
}
