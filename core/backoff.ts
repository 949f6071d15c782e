export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** 0 to 1: which share of the wait is left to chance, so that many waiters do not come back together */
  readonly jitter?: number;
  /** 0 to 1; needed with `jitter` */
  readonly random?: () => number;
}

/** Waits that double from try to try. */
export interface Backoff {
  /** how long to wait before the next try */
  nextMs(): number;
  /** it worked: start again from the shortest wait */
  reset(): void;
}

export function createBackoff({ minMs, maxMs, jitter = 0, random = () => 1 }: BackoffOptions): Backoff {
  let baseMs = minMs;
  return {
    nextMs() {
      const waitMs = baseMs * (1 - jitter + jitter * random());
      baseMs = Math.min(maxMs, baseMs * 2);
      return waitMs;
    },
    reset() {
      baseMs = minMs;
    },
  };
}
