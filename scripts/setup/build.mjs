/** dist/ from the TypeScript sources, when any of them changed. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stampOf } from './facts.mjs';

export function createBuild(root, run) {
  const stampFile = join(root, 'dist/.setup-stamp');
  return {
    title: 'compiling',
    isDone: () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stampSources(root),
    faults: () => ({}),
    async make() {
      // Taken before: a file saved while the compiler runs must not count as compiled
      const stamp = stampSources(root);
      await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
        cwd: root,
        deadlineMs: 5 * 60_000,
      });
      writeFileSync(stampFile, stamp);
    },
  };
}

/** Contents, not times: a fresh checkout of the same sources is the same. */
function stampSources(root) {
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'));
  const files = include.flatMap((folder) => sourcesIn(join(root, folder)));
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) =>
    join(root, name),
  );
  return stampOf(
    ...[...settings, ...files.sort()].flatMap((file) => [file.slice(root.length), readFileSync(file)]),
  );
}

function sourcesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts') || name.endsWith('.json'))
    .map((name) => join(folder, name));
}
