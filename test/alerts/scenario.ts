import type { World } from './world.ts';

/** When an alert must fire, in minutes of the run. */
export interface Firing {
  /** fires by then; several when `count` is given */
  readonly by: number;
  readonly count?: number;
  /** silent until and with this minute */
  readonly notBefore?: number;
  /** still fires then */
  readonly still?: readonly number[];
  /** no longer fires then */
  readonly gone?: number;
  /** never again after this minute */
  readonly quietAfter?: number;
}

/**
 * A course of events and the EXACT set of alerts of its whole run: every alert that is not named must not fire for a moment,
 * so each scenario defends against all the others too.
 */
export interface Scenario {
  readonly name: string;
  readonly minutes: number;
  readonly world: World;
  readonly fires: Readonly<Record<string, Firing>>;
  /** days of history: evaluated every five minutes, left out of the sample */
  readonly slow?: true;
}

export const scenario = (
  name: string,
  minutes: number,
  world: World,
  fires: Readonly<Record<string, Firing>> = {},
): Scenario => ({ name, minutes, world, fires });

export const slowScenario = (...args: Parameters<typeof scenario>): Scenario => ({
  ...scenario(...args),
  slow: true,
});
