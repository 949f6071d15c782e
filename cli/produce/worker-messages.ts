import { ReelstreamError } from '../../core/errors.ts';
import type { LoadProgress, LoadReport } from '../../producer/run/load-run.ts';
import type { Destination, LoadPlan } from './load-plan.ts';

/** What a parent tells its workers, in this order; `stop` comes at any time. Plain data: it travels as JSON. */
export type ParentMessage =
  | {
      readonly kind: 'open';
      readonly plan: LoadPlan;
      readonly destination: Destination;
      readonly worker: number;
      readonly workers: number;
    }
  /** all workers are ready: the first event is intended for then */
  | { readonly kind: 'begin'; readonly startTsMs: number }
  | { readonly kind: 'scale'; readonly atMs: number; readonly factor: number }
  /** every event of any worker below it is resolved */
  | { readonly kind: 'resolved'; readonly below: number }
  | { readonly kind: 'stop' };

/** What a worker tells its parent. */
export type WorkerMessage =
  /** the process listens */
  | { readonly kind: 'up' }
  /** its part of the run is open */
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly progress: LoadProgress }
  | { readonly kind: 'done'; readonly report: SentReport }
  | { readonly kind: 'failed'; readonly error: SentError };

export interface SentError {
  readonly code: ReelstreamError['code'];
  readonly message: string;
}

/** Errors do not survive JSON. */
export type SentReport = Omit<LoadReport, 'error'> & { readonly error: SentError | null };

export function sendable({ error, ...report }: LoadReport): SentReport {
  return { ...report, error: error && { code: error.code, message: error.message } };
}

export function received({ error, ...report }: SentReport): LoadReport {
  return { ...report, error: error && new ReelstreamError(error.code, error.message) };
}
