import { rootCertificates } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { KafkaConnection } from './kafkajs-client.ts';
import type { DeliveryReport } from './log-writer.ts';
import { MAX_BATCH_BYTES } from './topics.ts';

export interface RdkafkaWriterOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** how long a record may wait for others to share a request with; default 5 ms */
  readonly lingerMs?: number;
  /** zstd is missing here: the client has it only where its headers were there at installation */
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4';
  /** records that may wait for acknowledgement before `tryWrite` refuses; default 200,000 */
  readonly maxQueueRecords?: number;
  /** default 64 MB */
  readonly maxQueueKilobytes?: number;
  /** a record that is not acknowledged in this time has failed; default 2 minutes */
  readonly deliveryTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /**
   * Connects to every leader of the topic and waits for the producer's id before the writer is open, which takes up to a
   * second; otherwise the first records wait for both.
   */
  readonly warmUp?: boolean;
  /** Asks for a report per record, at four times the CPU; without it only failures are reported. */
  readonly onReport?: (report: DeliveryReport) => void;
  /** Called for every record given up, in either mode, with its value: without reports there is no tag to know it by. */
  readonly onFailed?: (error: Error, value: Buffer | null) => void;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** By the names of librdkafka. Source: CONFIGURATION.md */
export type ClientConfig = Readonly<Record<string, string | number | boolean>>;

export const DEFAULT_LINGER_MS = 5;
const STATISTICS_INTERVAL_MS = 500;

/** Settings of the topic; given with the producer's they would be lost without a word. */
export function topicConfig({ deliveryTimeoutMs = 120_000 }: RdkafkaWriterOptions): ClientConfig {
  return {
    acks: -1,
    'message.timeout.ms': deliveryTimeoutMs,
    'request.timeout.ms': 10_000,
    // As Java's clients do: events of one user stay in one partition, whoever produces them
    partitioner: 'murmur2_random',
  };
}

export function producerConfig(options: RdkafkaWriterOptions): ClientConfig {
  const { connection, lingerMs = DEFAULT_LINGER_MS, compression = 'none', onReport, warmUp } = options;
  const { brokers, clientId, tls = false, tlsAuthorities, sasl } = connection;
  return {
    'metadata.broker.list': brokers.join(','),
    'client.id': clientId,
    'enable.idempotence': true,
    'linger.ms': lingerMs,
    // What the topic takes; the client's default is 1 MB
    'message.max.bytes': MAX_BATCH_BYTES,
    'compression.codec': compression,
    'queue.buffering.max.messages': options.maxQueueRecords ?? 200_000,
    'queue.buffering.max.kbytes': options.maxQueueKilobytes ?? 65_536,
    // A broker that takes requests and never answers is given up sooner than the default minute
    'socket.timeout.ms': 15_000,
    // The client keeps trying; the first tries after a restart of the broker should not take seconds
    'reconnect.backoff.max.ms': 1_000,
    // with the values, which cost nothing where only failures are reported
    ...(onReport === undefined ? { dr_msg_cb: true } : { dr_cb: true }),
    'delivery.report.only.error': onReport === undefined,
    'statistics.interval.ms': onReport === undefined || warmUp ? STATISTICS_INTERVAL_MS : 0,
    'security.protocol': `${sasl ? 'sasl_' : ''}${tls ? 'ssl' : 'plaintext'}`,
    // As the other client: what the system trusts is not the same everywhere, and some images trust nobody
    ...(tls ? { 'ssl.ca.pem': tlsAuthorities ?? rootCertificates.join('\n') } : {}),
    ...(sasl
      ? {
          'sasl.mechanisms': sasl.mechanism.toUpperCase(),
          'sasl.username': sasl.username,
          'sasl.password': sasl.password,
        }
      : {}),
  };
}
