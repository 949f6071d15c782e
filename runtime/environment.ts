import { existsSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'dotenv';
import { ReelstreamError } from '../core/errors.ts';
import { type Environment, isSettingName } from './settings.ts';

/**
 * The process environment over the file that REELSTREAM_ENV_FILE names, by default `.env` of the working folder if there is one.
 * @throws ReelstreamError `settings` for a file that was named and is not there
 */
export function readEnvironment(folder: string = process.cwd()): Environment {
  const named = process.env.REELSTREAM_ENV_FILE;
  const file = resolve(folder, named || '.env');
  if (existsSync(file)) return { ...parse(readFileSync(file)), ...process.env };
  if (named) throw new ReelstreamError('settings', `REELSTREAM_ENV_FILE: there is no ${file}`);
  return { ...process.env };
}

/** Without what somebody has set for a stack of theirs: for benches and tests, which have stacks of their own. */
export function withoutSettings(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isSettingName(name)));
}

/** For child processes that are handed what was read already: another `.env` in their folder must not add to it. */
export const noEnvFile = { REELSTREAM_ENV_FILE: devNull } as const;

/** Folder of the project's package.json, from the sources and from `dist/` alike. */
export const projectRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('package.json of the project not found');
  return findRoot(parent);
}
