/** Why a batch is sent. Closed list: the metric's label set. */
export type FlushReason = 'age' | 'rows' | 'bytes' | 'fan_out' | 'drain';

export interface BatchSize {
  readonly rows: number;
  readonly bytes: number;
  /** rows that the widest view makes of the batch */
  readonly fanOut: number;
}

export interface BatchLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly maxFanOut: number;
}

/** A view that makes more rows of one INSERT may split them over several parts, and then one send is no longer atomic. */
export const MAX_FAN_OUT = 500_000;

/** The limit that a batch has reached, if any: nothing may be added before it is sent. */
export function limitReached(size: BatchSize, limits: BatchLimits): FlushReason | null {
  if (size.rows >= limits.maxRows) return 'rows';
  if (size.bytes >= limits.maxBytes) return 'bytes';
  if (size.fanOut >= limits.maxFanOut) return 'fan_out';
  return null;
}

export interface FlushPolicyOptions extends BatchLimits {
  readonly minIntervalMs: number;
  readonly maxIntervalMs: number;
  /** batches are delayed, within the interval's bounds, until they are about this large */
  readonly targetRows?: number;
}

/**
 * Decides when a batch is sent. A flush costs the engine about the same however few rows it carries, so small batches
 * wait longer and large ones hardly at all: the age moves by at most a factor of two per flush towards the one at which
 * batches would have `targetRows`.
 */
export interface FlushPolicy {
  /** age at which a batch is sent now */
  readonly intervalMs: number;
  /** why the batch must be sent, null while it may wait. An empty batch never is. */
  due(size: BatchSize, ageMs: number): FlushReason | null;
  /** a batch went out: adapt the interval */
  flushed(rows: number): void;
}

const DEFAULT_TARGET_ROWS = 5_000;

export function createFlushPolicy(options: FlushPolicyOptions): FlushPolicy {
  const { minIntervalMs, maxIntervalMs, targetRows = DEFAULT_TARGET_ROWS } = options;
  let intervalMs = minIntervalMs;
  return {
    get intervalMs() {
      return intervalMs;
    },
    due(size, ageMs) {
      if (size.rows === 0) return null;
      return limitReached(size, options) ?? (ageMs >= intervalMs ? 'age' : null);
    },
    flushed(rows) {
      const factor = Math.min(2, Math.max(0.5, targetRows / Math.max(1, rows)));
      intervalMs = Math.min(maxIntervalMs, Math.max(minIntervalMs, intervalMs * factor));
    },
  };
}
