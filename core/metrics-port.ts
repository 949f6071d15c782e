import type { CounterName, GaugeName, HistogramName } from './metrics-catalogue.ts';

export type Labels = Readonly<Record<string, string | number>>;

/**
 * How services count. Names come from the closed catalogue; labels must be the ones it lists.
 * Called once per batch, not once per event.
 */
export interface Metrics {
  add(name: CounterName, labels: Labels, value?: number): void;
  set(name: GaugeName, labels: Labels, value: number): void;
  /** `times`: how many observations of this value; default 1 */
  observe(name: HistogramName, labels: Labels, value: number, times?: number): void;
}

/** For whoever looks at things that come and go: a series of something that is gone would be believed for ever. */
export interface ForgetfulMetrics extends Metrics {
  /** takes every series of the gauge away */
  forget(name: GaugeName): void;
}

export const noMetrics: Metrics = { add() {}, set() {}, observe() {} };
