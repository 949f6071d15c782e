import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCourse } from '../../../core/schedule/course.ts';
import type { Profile } from '../../../core/schedule/profile.ts';
import { curveOf } from '../../../core/schedule/shape-curves.ts';
import { factorProfile, factorShape, modelEdges, modelFactor, modelIntegral, SPAN_MS } from './shapes.ts';

const courseOf = (profile: Profile, rate = 1) =>
  createCourse(
    profile.flatMap((shape) => curveOf(shape, 0) ?? []),
    rate,
  );
const times = fc.double({ min: 0, max: SPAN_MS, noNaN: true });

describe('the integral of a rate', () => {
  it.each<[string, Profile, number, number]>([
    ['constant', [], 7_000, 70],
    ['a ramp from 0', [{ kind: 'ramp', durationMs: 10_000, from: 0, to: 1 }], 5_000, 12.5],
    ['a ramp and what holds after', [{ kind: 'ramp', durationMs: 10_000, from: 2, to: 1 }], 20_000, 250],
    ['a sine over a period', [{ kind: 'sine', periodMs: 10_000, amplitude: 0.5 }], 10_000, 100],
    [
      'a sine over its upper half',
      [{ kind: 'sine', periodMs: 10_000, amplitude: 1 }],
      5_000,
      50 + (10 * 10) / Math.PI,
    ],
    [
      'a parabola',
      [
        { kind: 'ramp', durationMs: 10_000, from: 0, to: 1 },
        { kind: 'ramp', durationMs: 10_000, from: 0, to: 1 },
      ],
      10_000,
      100 / 3,
    ],
  ])('is exact for %s', (_name, profile, ms, events) => {
    expect(courseOf(profile, 10).positionAt(ms)).toBeCloseTo(events, 8);
  });

  it('is right to a millionth for any product, however its edges lie', () => {
    fc.assert(
      fc.property(factorProfile, times, (profile, ms) => {
        const exact = modelIntegral(profile, ms);
        const error = Math.abs(courseOf(profile).positionAt(ms) - exact);
        expect(error).toBeLessThanOrEqual(1e-6 * exact + 1e-6);
      }),
      { numRuns: 300 },
    );
  });

  it('has for its rate the product of the shapes', () => {
    fc.assert(
      fc.property(factorProfile, times, (profile, ms) => {
        // on an edge itself the model may round to the other side
        const edges = profile.flatMap(modelEdges);
        fc.pre(edges.every((edge) => Math.abs(edge - ms) > 1e-6));
        const product = profile.reduce((factor, shape) => factor * modelFactor(shape, ms), 5);
        expect(courseOf(profile, 5).rateAt(ms)).toBeCloseTo(product, 9);
      }),
    );
  });

  it('never has a rate above the product of the peaks', () => {
    fc.assert(
      fc.property(factorShape, times, (shape, ms) => {
        const curve = curveOf(shape, 0);
        expect(curve?.stretchAt(ms).valueAt(ms) ?? 1).toBeLessThanOrEqual((curve?.peak ?? 1) + 1e-12);
      }),
    );
  });
});

describe('its inverse', () => {
  it('gives the time back wherever the rate is above 0', () => {
    fc.assert(
      fc.property(factorProfile, times, (profile, ms) => {
        const course = courseOf(profile, 1_000);
        const position = course.positionAt(ms);
        const backMs = course.msAt(position);
        // a hole has one position for all its times, and the inverse is where it ends
        if (backMs === Number.POSITIVE_INFINITY) expect(course.positionAt(ms + 1e7)).toBeCloseTo(position, 5);
        else expect(course.positionAt(backMs)).toBeCloseTo(position, 5);
      }),
    );
  });

  it('never falls, down to the last bit', () => {
    const positions = fc.tuple(
      fc.double({ min: 0, max: 1e5, noNaN: true }),
      fc.oneof(fc.double({ min: 0, max: 1e-9, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true })),
    );
    fc.assert(
      fc.property(factorProfile, positions, (profile, [position, further]) => {
        const course = courseOf(profile, 1_000);
        expect(course.msAt(position + further)).toBeGreaterThanOrEqual(course.msAt(position));
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves a hole at its end, and is never where the rate stays 0', () => {
    const holes = courseOf([{ kind: 'dip', factor: 0, when: { everyMs: 1_000 }, forMs: 400 }], 1_000);
    expect([holes.msAt(999), holes.msAt(1_000), holes.msAt(1_001)]).toEqual([999, 1_400, 1_401]);
    const ended = courseOf([{ kind: 'ramp', durationMs: 1_000, from: 1, to: 0 }], 1_000);
    expect(ended.msAt(499)).toBeLessThan(1_000);
    expect([ended.msAt(500), ended.msAt(1e9), ended.rateAt(1e9)]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      0,
    ]);
    expect(ended.positionAt(1e9)).toBe(500);
  });

  it('is past a hole of weeks at once, whatever the other shapes do in it', () => {
    const hole: Profile = [
      { kind: 'dip', factor: 0, when: { atMs: 0 }, forMs: 1e10 },
      { kind: 'burst', factor: 2, when: { everyMs: 1_000 }, forMs: 100 },
    ];
    expect(courseOf(hole, 1_000).msAt(0)).toBe(1e10);
  });

  it('gives up where two shapes together leave nothing over', () => {
    const dead = courseOf([
      {
        kind: 'steps',
        unit: 'factor',
        repeat: true,
        steps: [
          { durationMs: 1_000, value: 0 },
          { durationMs: 1_000, value: 1 },
        ],
      },
      {
        kind: 'steps',
        unit: 'factor',
        repeat: true,
        steps: [
          { durationMs: 1_000, value: 1 },
          { durationMs: 1_000, value: 0 },
        ],
      },
    ]);
    expect(dead.msAt(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('does not step over a burst that is short against everything else', () => {
    const course = courseOf(
      [
        { kind: 'sine', periodMs: 86_400_000, amplitude: 0.5 },
        { kind: 'burst', factor: 1_001, when: { atMs: 3_600_000 }, forMs: 1 },
      ],
      1_000,
    );
    const before = course.positionAt(3_600_000);
    expect(course.positionAt(3_600_001) - before).toBeGreaterThan(1_000);
  });

  it('answers the same whatever was asked before, far beyond what it keeps at hand', () => {
    const profile: Profile = [{ kind: 'sine', periodMs: 1_000, amplitude: 0.9 }];
    const far = fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 40 });
    const walked = courseOf(profile, 100);
    fc.assert(
      fc.property(far, (positions) => {
        const fresh = courseOf(profile, 100);
        for (const position of positions) expect(walked.msAt(position)).toBe(fresh.msAt(position));
      }),
      { numRuns: 30 },
    );
  });
});
