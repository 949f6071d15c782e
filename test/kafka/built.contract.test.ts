import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

/** Vitest is generous about named imports from CommonJS packages; Node is not, and Node runs the product. */
it.each(['kafka', 'schemas'])('Node loads every built file of %s/', (folder) => {
  const built = resolve(import.meta.dirname, '../../dist', folder);
  const files = readdirSync(built).filter((name) => name.endsWith('.js'));
  expect(files.length).toBeGreaterThan(0);
  const imports = files.map(
    (name) => `await import(${JSON.stringify(pathToFileURL(resolve(built, name)).href)});`,
  );
  const script = `${imports.join('\n')}\nprocess.exit(0);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe', timeout: 20_000 });
});
