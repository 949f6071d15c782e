import type { Scenario } from '../scenario.ts';
import { generator } from './generator.ts';
import { lag } from './lag.ts';
import { meta } from './meta.ts';
import { objectives } from './objectives.ts';
import { quality } from './quality.ts';
import { recommender } from './recommender.ts';
import { reconciliation } from './reconciliation.ts';
import { canaries, stall } from './stall.ts';
import { throughput } from './throughput.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...meta,
  ...throughput,
  ...generator,
  ...stall,
  ...canaries,
  ...lag,
  ...reconciliation,
  ...quality,
  ...recommender,
  ...objectives,
];
