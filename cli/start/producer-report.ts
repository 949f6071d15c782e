import { readFile, rm } from 'node:fs/promises';
import { ReelstreamError } from '../../core/errors.ts';

/** What the producer counted itself. */
export interface ProducerCounts {
  readonly generated: number;
  readonly acknowledged: number;
  /** of the live part, whose rate follows the hour of the day */
  readonly targetRate: number;
  readonly achievedRate: number;
}

/** An earlier run's report must not be taken for this one's. */
export async function forgetProducerReport(file: string): Promise<void> {
  await rm(file, { force: true });
}

/**
 * The counts of a producer that has ended.
 * @throws ReelstreamError `timeout` when it ended without writing them, as one that is killed at its deadline does
 */
export async function readProducerReport(file: string): Promise<ProducerCounts> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProducerCounts;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    const message = `the producer left no report (${file}): it was killed before it had flushed; see its log`;
    throw new ReelstreamError('timeout', message, { cause, retryable: false });
  }
}
