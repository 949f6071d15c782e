import { ReelstreamError } from '../../core/errors.ts';
import { LOOPBACK } from '../../embedded/supervisor/ports.ts';
import type { Settings } from '../../runtime/settings.ts';

export interface SinkFigures {
  readonly freshness: { readonly p50Ms: number | null; readonly p99Ms: number | null };
}

const ANSWER_TIMEOUT_MS = 5_000;

/**
 * What the sink has measured so far.
 * @throws ReelstreamError `unavailable` when it does not answer
 */
export async function readSinkFigures(settings: Settings): Promise<SinkFigures> {
  const url = `http://${LOOPBACK}:${settings.REELSTREAM_SINK_METRICS_PORT}/status`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return (await answer.json()) as SinkFigures;
  } catch (cause) {
    throw new ReelstreamError('unavailable', `the sink does not answer at ${url}`, {
      cause,
      retryable: false,
    });
  }
}
