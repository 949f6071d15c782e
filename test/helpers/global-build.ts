import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { noEnvFile } from '../../runtime/environment.ts';
import { isSettingName } from '../../runtime/settings.ts';

/** The suites of one command need it once. */
const BUILT = Symbol.for('reelstream.test.built');
const ofThisRun = globalThis as { [BUILT]?: boolean };

/**
 * Suites that spawn processes run the built program; building once here keeps them from testing yesterday's code.
 * Types are the type check's business. What a developer has set for their own stack must not reach them, by whichever way.
 */
export default function setup(): void {
  if (ofThisRun[BUILT]) return;
  ofThisRun[BUILT] = true;
  for (const name of Object.keys(process.env)) {
    if (isSettingName(name)) delete process.env[name];
  }
  Object.assign(process.env, noEnvFile);
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  execFileSync(
    process.execPath,
    [join(dirname(manifest), 'bin', 'tsc'), '-p', 'tsconfig.build.json', '--noCheck'],
    {
      stdio: 'inherit',
    },
  );
}
