/**
 * A smooth stretch of a curve. `valueAt` holds from `startMs` to `endMs`, both included: at the end it is the value just
 * before the jump or bend that may follow there. Without an end the stretch is flat.
 */
export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
  readonly form: 'flat' | 'straight' | 'curved';
  valueAt(ms: number): number;
}

/** A number above or at 0 for every moment from 0 on; between the ends of its stretches it neither jumps nor bends. */
export interface Curve {
  /** The stretch that goes on from this time: it begins at or before it and ends after it. */
  stretchAt(ms: number): Stretch;
  /** no value is above */
  readonly peak: number;
}

export interface Level {
  /** the value holds before this time */
  readonly untilMs: number;
  readonly value: number;
}

export interface Point {
  readonly ms: number;
  readonly value: number;
}

/** Constant pieces one after the other; the last one holds for ever. */
export function levelCurve(levels: readonly Level[]): Curve {
  return {
    peak: highest(levels),
    stretchAt(ms) {
      const found = levels.findIndex(({ untilMs }) => untilMs > ms);
      const at = found < 0 ? levels.length - 1 : found;
      const endMs = at === levels.length - 1 ? Number.POSITIVE_INFINITY : levels[at]!.untilMs;
      return flat(levels[at - 1]?.untilMs ?? 0, endMs, levels[at]!.value);
    },
  };
}

/**
 * Constant pieces that come again with every period, which is the end of the last one.
 * @param phaseMs how far into the period time 0 is
 */
export function cycleCurve(levels: readonly Level[], phaseMs = 0): Curve {
  const periodMs = levels.at(-1)!.untilMs;
  return {
    peak: highest(levels),
    stretchAt(ms) {
      const cycleMs = Math.floor((ms + phaseMs) / periodMs) * periodMs - phaseMs;
      const at = levels.findIndex(({ untilMs }) => cycleMs + untilMs > ms);
      // rounding may put a time at the very end of a cycle before the next one
      if (at < 0) return flat(ms, cycleMs + periodMs + levels[0]!.untilMs, levels[0]!.value);
      return flat(cycleMs + (levels[at - 1]?.untilMs ?? 0), cycleMs + levels[at]!.untilMs, levels[at]!.value);
    },
  };
}

/** 1 until `delayMs`, then the curve. */
export function delayedCurve(delayMs: number, curve: Curve): Curve {
  return {
    peak: Math.max(1, curve.peak),
    stretchAt: (ms) => (ms < delayMs ? flat(0, delayMs, 1) : curve.stretchAt(ms)),
  };
}

/** Straight from point to point; the first value before them, the last value after. Two points at one time are a jump. */
export function pointCurve(points: readonly Point[]): Curve {
  const first = points[0]!;
  const last = points.at(-1)!;
  return {
    peak: highest(points),
    stretchAt(ms) {
      if (ms < first.ms) return flat(0, first.ms, first.value);
      if (ms >= last.ms) return flat(last.ms, Number.POSITIVE_INFINITY, last.value);
      const at = firstAfter(points, ms);
      return straight(points[at - 1]!, points[at]!);
    },
  };
}

/** 1 + amplitude * sin, rising from 1 at time 0. */
export function sineCurve(periodMs: number, amplitude: number): Curve {
  return {
    peak: 1 + amplitude,
    stretchAt(ms) {
      const cycle = Math.floor(ms / periodMs);
      // rounding may put a time at the very end of a cycle before the next one
      const startMs = ((cycle + 1) * periodMs > ms ? cycle : cycle + 1) * periodMs;
      return {
        startMs,
        endMs: startMs + periodMs,
        form: 'curved',
        valueAt: (at) => 1 + amplitude * Math.sin((2 * Math.PI * (at - startMs)) / periodMs),
      };
    },
  };
}

function highest(values: readonly { readonly value: number }[]): number {
  return values.reduce((most, { value }) => Math.max(most, value), 0);
}

function flat(startMs: number, endMs: number, value: number): Stretch {
  return { startMs, endMs, form: 'flat', valueAt: () => value };
}

function straight(from: Point, to: Point): Stretch {
  if (from.value === to.value) return flat(from.ms, to.ms, from.value);
  const slope = (to.value - from.value) / (to.ms - from.ms);
  return {
    startMs: from.ms,
    endMs: to.ms,
    form: 'straight',
    // from the nearer end, so that both ends are met exactly
    valueAt: (ms) =>
      ms - from.ms < to.ms - ms ? from.value + slope * (ms - from.ms) : to.value - slope * (to.ms - ms),
  };
}

function firstAfter(points: readonly Point[], ms: number): number {
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (points[middle]!.ms <= ms) low = middle;
    else high = middle;
  }
  return high;
}
