import fc from 'fast-check';
import type { Profile, Shape } from '../../../core/schedule/profile.ts';

/** How long the profiles below are looked at; their shapes fit several times into it. */
export const SPAN_MS = 120_000;
/** What the hour weights of the samples are, mean 1. */
const WEIGHTS = Array.from({ length: 24 }, (_, hour) => hour % 3);

const time = fc.integer({ min: 200, max: 60_000 });
const factor = fc.constantFrom(0, 0.25, 0.5, 1, 3);

/** Any shape that multiplies. */
export const factorShape: fc.Arbitrary<Shape> = fc.oneof(
  fc.constant<Shape>({ kind: 'constant' }),
  fc.record({
    kind: fc.constant('ramp' as const),
    durationMs: time,
    from: factor,
    to: fc.constantFrom(0.5, 1, 2),
  }),
  fc.record({
    kind: fc.constant('steps' as const),
    unit: fc.constant('factor' as const),
    steps: fc
      .array(fc.record({ durationMs: time, value: factor }), { minLength: 1, maxLength: 4 })
      .map((steps) => [...steps, { durationMs: 1_000, value: 2 }]),
    repeat: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('sine' as const),
    periodMs: fc.integer({ min: 1_000, max: 200_000 }),
    amplitude: fc.constantFrom(0.1, 0.5, 1),
  }),
  fc.record({
    kind: fc.constant('diurnal' as const),
    periodMs: fc.integer({ min: 24_000, max: 100_000 }),
    weights: fc.constant(WEIGHTS),
  }),
  fc
    .tuple(
      fc.constantFrom('burst' as const, 'dip' as const),
      time,
      fc.double({ min: 0.05, max: 0.9, noNaN: true }),
    )
    .chain(([kind, everyMs, share]) =>
      fc.constantFrom<Shape>(
        { kind, factor: kind === 'burst' ? 4 : 0, when: { everyMs }, forMs: share * everyMs },
        { kind, factor: kind === 'burst' ? 4 : 0.25, when: { atMs: everyMs }, forMs: share * 20_000 },
      ),
    ),
  fc
    .array(fc.record({ ms: fc.integer({ min: 0, max: 100_000 }), value: factor }), {
      minLength: 1,
      maxLength: 6,
    })
    .map((points): Shape => {
      const inOrder = points.toSorted((a, b) => a.ms - b.ms);
      return { kind: 'csv', unit: 'factor', points: [...inOrder, { ms: 101_000, value: 1 }] };
    }),
);

export const factorProfile: fc.Arbitrary<Profile> = fc.array(factorShape, { maxLength: 3 });

/** What the rate is multiplied by, written down naively. */
export function modelFactor(shape: Shape, ms: number): number {
  switch (shape.kind) {
    case 'ramp': {
      const { durationMs, from, to } = shape;
      return ms >= durationMs ? to : from + ((to - from) * ms) / durationMs;
    }
    case 'steps': {
      const totalMs = shape.steps.reduce((sum, { durationMs }) => sum + durationMs, 0);
      let leftMs = shape.repeat ? ms % totalMs : ms;
      for (const { durationMs, value } of shape.steps) {
        if (leftMs < durationMs) return value;
        leftMs -= durationMs;
      }
      return shape.steps.at(-1)!.value;
    }
    case 'sine':
      return 1 + shape.amplitude * Math.sin((2 * Math.PI * ms) / shape.periodMs);
    case 'diurnal':
      return shape.weights[Math.floor((ms / shape.periodMs) * 24) % 24]!;
    case 'burst':
    case 'dip': {
      const { when, forMs } = shape;
      const sinceMs = 'atMs' in when ? ms - when.atMs : ms < when.everyMs ? -1 : ms % when.everyMs;
      return sinceMs >= 0 && sinceMs < forMs ? shape.factor : 1;
    }
    case 'csv': {
      const { points } = shape;
      const after = points.findIndex((point) => point.ms > ms);
      if (after < 0) return points.at(-1)!.value;
      const to = points[after]!;
      const from = points[after - 1];
      return from ? from.value + ((to.value - from.value) * (ms - from.ms)) / (to.ms - from.ms) : to.value;
    }
    default:
      return 1;
  }
}

/** Every time up to the span at which the shape may jump or bend. */
export function modelEdges(shape: Shape): number[] {
  switch (shape.kind) {
    case 'ramp':
      return [shape.durationMs];
    case 'steps': {
      const ends = shape.steps.map((_, at) =>
        shape.steps.slice(0, at + 1).reduce((sum, { durationMs }) => sum + durationMs, 0),
      );
      return shape.repeat ? everyCycle(ends, ends.at(-1)!) : ends;
    }
    case 'sine':
      return everyCycle([shape.periodMs / 4, shape.periodMs / 2, (shape.periodMs * 3) / 4], shape.periodMs);
    case 'diurnal':
      return everyCycle(
        shape.weights.map((_, hour) => (hour * shape.periodMs) / 24),
        shape.periodMs,
      );
    case 'burst':
    case 'dip':
      if ('atMs' in shape.when) return [shape.when.atMs, shape.when.atMs + shape.forMs];
      return everyCycle([0, shape.forMs], shape.when.everyMs);
    case 'csv':
      return shape.points.map(({ ms }) => ms);
    default:
      return [];
  }
}

function everyCycle(offsets: readonly number[], periodMs: number): number[] {
  const cycles = Math.ceil(SPAN_MS / periodMs) + 1;
  return Array.from({ length: cycles }, (_, cycle) =>
    offsets.map((offset) => cycle * periodMs + offset),
  ).flat();
}

/** The integral of the product in seconds, by Simpson's rule on 400 intervals between any two edges. */
export function modelIntegral(profile: Profile, untilMs: number): number {
  const edges = [0, untilMs, ...profile.flatMap(modelEdges)]
    .filter((ms) => ms >= 0 && ms <= untilMs)
    .toSorted((a, b) => a - b);
  return edges.slice(1).reduce((sum, to, at) => sum + simpson(profile, edges[at]!, to), 0) / 1_000;
}

const INTERVALS = 400;

function simpson(profile: Profile, fromMs: number, toMs: number): number {
  if (toMs - fromMs < 1e-6) return 0;
  // the ends belong to this side of their edge
  const nudgeMs = (toMs - fromMs) * 1e-9;
  const stepMs = (toMs - fromMs) / INTERVALS;
  let sum = 0;
  for (let k = 0; k <= INTERVALS; k++) {
    const ms = Math.min(toMs - nudgeMs, Math.max(fromMs + nudgeMs, fromMs + k * stepMs));
    const weight = k === 0 || k === INTERVALS ? 1 : k % 2 === 1 ? 4 : 2;
    sum += weight * profile.reduce((product, shape) => product * modelFactor(shape, ms), 1);
  }
  return (sum * stepMs) / 3;
}
