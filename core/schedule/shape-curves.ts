import {
  type Curve,
  cycleCurve,
  delayedCurve,
  type Level,
  levelCurve,
  pointCurve,
  sineCurve,
} from './curve.ts';
import type { Pulse, Shape } from './profile.ts';

const DAY_MS = 86_400_000;

/**
 * How the shape changes the rate over the run; null where it does not (constant) or where the events' own times say it
 * (replay, batch).
 * @param startTsMs wall-clock time of the run's start: a day of 24 hours is the real one, a shorter day begins with the run
 */
export function curveOf(shape: Shape, startTsMs: number): Curve | null {
  switch (shape.kind) {
    case 'constant':
    case 'replay':
    case 'batch':
      return null;
    case 'ramp':
      return pointCurve([
        { ms: 0, value: shape.from },
        { ms: shape.durationMs, value: shape.to },
      ]);
    case 'steps': {
      const levels = levelsInARow(shape.steps);
      return shape.repeat ? cycleCurve(levels) : levelCurve(levels);
    }
    case 'sine':
      return sineCurve(shape.periodMs, shape.amplitude);
    case 'diurnal': {
      const hourMs = shape.periodMs / 24;
      const hours = shape.weights.map((value, hour) => ({ untilMs: (hour + 1) * hourMs, value }));
      return cycleCurve(hours, shape.periodMs === DAY_MS ? startTsMs % DAY_MS : 0);
    }
    case 'burst':
    case 'dip':
      return pulseCurve(shape);
    case 'csv':
      return pointCurve(shape.points);
  }
}

function levelsInARow(steps: readonly { durationMs: number; value: number }[]): Level[] {
  let untilMs = 0;
  return steps.map(({ durationMs, value }) => {
    untilMs += durationMs;
    return { untilMs, value };
  });
}

function pulseCurve({ factor, when, forMs }: Pulse): Curve {
  if ('everyMs' in when) {
    const cycle = cycleCurve([
      { untilMs: forMs, value: factor },
      { untilMs: when.everyMs, value: 1 },
    ]);
    return delayedCurve(when.everyMs, cycle);
  }
  return levelCurve([
    { untilMs: when.atMs, value: 1 },
    { untilMs: when.atMs + forMs, value: factor },
    { untilMs: Number.POSITIVE_INFINITY, value: 1 },
  ]);
}
