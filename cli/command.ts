import type { Command } from 'commander';
import { ReelstreamError } from '../core/errors.ts';
import { readEnvironment } from '../runtime/environment.ts';
import type { ExitCode } from '../runtime/exit-codes.ts';
import { readSettings, type Settings } from '../runtime/settings.ts';
import { namingSettings } from './name-settings.ts';

/**
 * One file per command in `cli/commands/`. It exports `configure`, which adds options and help to the (already named)
 * command and sets its action; the action returns the exit code. Errors are thrown, never printed by the command.
 *
 *   export const configure: Configure = (command) => {
 *     command.option('--json', 'print the result as JSON').action(action(async (options, settings) => { …; return 0; }));
 *   };
 */
export type Configure = (command: Command) => void;

/** Wraps a command's body: reads the settings whole before anything is opened and records the exit code. */
export function action<Options, Arguments extends unknown[]>(
  body: (options: Options, settings: Settings, ...positional: Arguments) => Promise<ExitCode>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const positional = given.slice(0, -2) as Arguments;
    const settings = readSettings(readEnvironment());
    try {
      process.exitCode = await body(command.opts() as Options, settings, ...positional);
    } catch (thrown) {
      throw namingSettings(thrown);
    }
  };
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `1m30s`, `250ms` -> milliseconds. For commander's option parser. */
export function parseDurationMs(text: string): number {
  const pieces = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (pieces.length === 0 || pieces.map((piece) => piece[0]).join('') !== text) {
    throw new ReelstreamError('usage', `"${text}" is not a duration; write for example 60s, 1m30s or 250ms`);
  }
  return pieces.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS_MS[unit!]!, 0);
}

/** Option parser for whole numbers within a range. */
export function parseInteger(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < min || value > max) {
      throw new ReelstreamError('usage', `${name}: "${text}" is not a whole number from ${min} to ${max}`);
    }
    return value;
  };
}
