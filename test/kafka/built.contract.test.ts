import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

/** Vitest is generous about named imports from CommonJS packages; Node is not, and Node runs the product. */
it.each(['kafka', 'schemas'])('Node loads every built file of %s/', (folder) => {
  const root = resolve(import.meta.dirname, '../..');
  // by their sources: a build leaves the files of deleted ones lying
  const names = readdirSync(resolve(root, folder)).flatMap((name) => /^(.+)\.ts$/.exec(name)?.[1] ?? []);
  expect(names.length).toBeGreaterThan(0);
  const imports = names.map(
    (name) =>
      `await import(${JSON.stringify(pathToFileURL(resolve(root, 'dist', folder, `${name}.js`)).href)});`,
  );
  const script = `${imports.join('\n')}\nprocess.exit(0);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe', timeout: 20_000 });
});
