import { createBackoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { ReelstreamError, toReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { DeadLetterReason } from '../core/verdict.ts';
import { DEAD_LETTER_HEADERS, type DeadLetterRecord } from '../kafka/dead-letter-record.ts';
import { isDependencyFault } from './outcome.ts';

/** A record that nobody could use, with where it came from. Its bytes are kept until the flush and no longer. */
export interface DeadLetter {
  readonly partition: number;
  readonly offset: number;
  readonly logTsMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly reason: DeadLetterReason;
}

/** Appends to the dead-letter topic; resolves when every record is acknowledged. */
export type WriteDeadLetters = (records: readonly DeadLetterRecord[]) => Promise<void>;

/** A broker takes about 1 MB per batch by default; what is cut says so and its whole is still in the source topic. */
export const MAX_DEAD_LETTER_BYTES = 1_000_000;

export function toDeadLetterRecord(topic: string, letter: DeadLetter): DeadLetterRecord {
  const { value } = letter;
  const isCut = value !== null && value.length > MAX_DEAD_LETTER_BYTES;
  return {
    key: letter.key,
    value: isCut ? value.subarray(0, MAX_DEAD_LETTER_BYTES) : value,
    headers: {
      [DEAD_LETTER_HEADERS.topic]: topic,
      [DEAD_LETTER_HEADERS.partition]: String(letter.partition),
      [DEAD_LETTER_HEADERS.offset]: String(letter.offset),
      [DEAD_LETTER_HEADERS.timestamp]: String(letter.logTsMs),
      [DEAD_LETTER_HEADERS.reason]: letter.reason,
      ...(isCut ? { [DEAD_LETTER_HEADERS.cutFrom]: String(value.length) } : {}),
    },
  };
}

export interface SendDeadLettersOptions {
  readonly write: WriteDeadLetters;
  /** source topic */
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** longest wait for one acknowledgement of all */
  readonly timeoutMs: number;
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
}

/**
 * Resolves when all are acknowledged. At least once: after an outage or a crash the same letters are written again, and
 * whoever counts them counts distinct coordinates. Rejects when the signal is aborted.
 */
export type SendDeadLetters = (letters: readonly DeadLetter[], signal: AbortSignal) => Promise<void>;

export function createSendDeadLetters(options: SendDeadLettersOptions): SendDeadLetters {
  const { write, topic, clock, logger, timeoutMs, retryMinMs = 250, retryMaxMs = 10_000 } = options;
  return async function sendDeadLetters(letters, signal) {
    if (letters.length === 0) return;
    const records = letters.map((letter) => toDeadLetterRecord(topic, letter));
    const backoff = createBackoff({ minMs: retryMinMs, maxMs: retryMaxMs });
    while (!signal.aborted) {
      try {
        return await withDeadline(write(records), timeoutMs, clock, 'dead letters');
      } catch (thrown) {
        const error = toReelstreamError(thrown);
        if (!isDependencyFault(error)) throw error;
        const waitMs = backoff.nextMs();
        logger.warn(
          { letters: letters.length, waitMs, code: error.code, error: error.message },
          'dead letters not acknowledged, their batch waits: will write them again',
        );
        await clock.sleep(waitMs, signal);
      }
    }
    throw new ReelstreamError('unavailable', 'dead letters given up: their partitions went away');
  };
}
