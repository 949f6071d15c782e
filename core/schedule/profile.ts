import { ReelstreamError } from '../errors.ts';
import type { Point } from './curve.ts';

/** `rate` = events per second, `factor` = times the rate of the run. */
export type ValueUnit = 'rate' | 'factor';

/** One factor of a profile, as plain data: it can be written to a ledger and gives the same schedule when read back. */
export type Shape =
  | { readonly kind: 'constant' }
  | { readonly kind: 'ramp'; readonly durationMs: number; readonly from: number; readonly to: number }
  | {
      readonly kind: 'steps';
      readonly unit: ValueUnit;
      readonly steps: readonly { readonly durationMs: number; readonly value: number }[];
      /** from the start again after the last step, which otherwise holds */
      readonly repeat: boolean;
    }
  | { readonly kind: 'sine'; readonly periodMs: number; readonly amplitude: number }
  /** 24 weights with mean 1, one for each hour of a day that takes `periodMs` */
  | { readonly kind: 'diurnal'; readonly periodMs: number; readonly weights: readonly number[] }
  | Pulse
  | { readonly kind: 'csv'; readonly unit: ValueUnit; readonly points: readonly Point[] }
  | { readonly kind: 'replay'; readonly speed: number }
  | {
      readonly kind: 'batch';
      readonly records: number;
      readonly recordsJitter: number;
      readonly intervalMs: number;
      readonly intervalJitterMs: number;
    };

/** Once at `atMs`, or from every multiple of `everyMs` but 0 on, so that a run begins undisturbed. */
export interface Pulse {
  readonly kind: 'burst' | 'dip';
  readonly factor: number;
  readonly when: { readonly atMs: number } | { readonly everyMs: number };
  readonly forMs: number;
}

/** The shapes multiplied; an empty one is constant. */
export type Profile = readonly Shape[];

/** What stands for itself instead of multiplying the run's rate. At most one of a profile does. */
export function setsItsRate(shape: Shape): boolean {
  if (shape.kind === 'steps' || shape.kind === 'csv') return shape.unit === 'rate';
  return shape.kind === 'replay' || shape.kind === 'batch';
}

/**
 * The product.
 * @throws ReelstreamError `usage` when two of the shapes set the rate
 */
export function multiplyProfiles(...profiles: readonly Profile[]): Profile {
  const product = profiles.flat();
  const setters = product.filter(setsItsRate);
  if (setters.length > 1) {
    const named = setters.map(({ kind }) => kind).join(' and ');
    throw new ReelstreamError(
      'usage',
      `${named} each set the rate themselves: only one of a profile may; write factors (0.5x) in the others`,
    );
  }
  return product;
}
