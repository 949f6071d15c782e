import { createRatingStore, type RatingStore } from '../store/rating-store.ts';
import { createBlend } from './blend.ts';
import type { RatingEngine } from './rating-engine.ts';
import { createRowsEngine, ROWS_DEFAULTS, ROWS_FILM_CAP, type RowsOptions } from './rows.ts';
import { createSgdEngine, SGD_DEFAULTS, type SgdOptions } from './sgd.ts';

/** Engines that learn online. `blend` is both others. */
export const ENGINES = ['blend', 'sgd', 'rows'] as const;
export type EngineName = (typeof ENGINES)[number];

export interface EngineOptions {
  readonly engine: EngineName;
  readonly sgd: SgdOptions;
  readonly rows: RowsOptions;
  /** share of `sgd` in a blend */
  readonly sgdShare: number;
}

const SGD_SHARE = 0.4;
/** Beside the row solve, steps are cheap: more of them per event. */
const BLEND_REPLAY_STEPS = 16;

/** The settings that were chosen for an engine; docs/recommender.md says how. */
export function engineDefaults(engine: EngineName): EngineOptions {
  const sgd = engine === 'blend' ? { ...SGD_DEFAULTS, replaySteps: BLEND_REPLAY_STEPS } : SGD_DEFAULTS;
  return { engine, sgd, rows: ROWS_DEFAULTS, sgdShare: SGD_SHARE };
}

/** An engine and the store that it learns from. */
export function createEngine(options: EngineOptions): { store: RatingStore; engine: RatingEngine } {
  const store = createRatingStore(options.engine === 'sgd' ? 0 : ROWS_FILM_CAP);
  if (options.engine === 'sgd') return { store, engine: createSgdEngine(store, options.sgd) };
  if (options.engine === 'rows') return { store, engine: createRowsEngine(store, options.rows) };
  const members = [createSgdEngine(store, options.sgd), createRowsEngine(store, options.rows)];
  return { store, engine: createBlend(members, [options.sgdShare, 1 - options.sgdShare]) };
}

/** Ratings visited per round of replay, for a budget in visits. */
export function visitsPerRound({ engine, sgd, rows }: EngineOptions): number {
  return engine === 'rows' ? rows.replayPairs : sgd.replaySteps;
}

/** Visits that a correction takes to wash the old value out of factors; a row that is solved anew forgets by itself. */
const CORRECTION_VISITS = 16;

export function correctionRounds({ engine, sgd }: EngineOptions): number {
  return engine === 'rows' || sgd.replaySteps === 0 ? 1 : Math.ceil(CORRECTION_VISITS / sgd.replaySteps);
}
