import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Suites that spawn processes run the built program; building once here keeps them from testing yesterday's code.
 * Types are the type check's business.
 */
export default function setup(): void {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  execFileSync(
    process.execPath,
    [join(dirname(manifest), 'bin', 'tsc'), '-p', 'tsconfig.build.json', '--noCheck'],
    {
      stdio: 'inherit',
    },
  );
}
