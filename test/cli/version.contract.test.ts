import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../../runtime/environment.ts';
import { runProgram } from '../helpers/program.ts';

it('version names every part that has one, as it is pinned', async () => {
  const { code, stdout } = await runProgram(['version', '--json'], {});
  expect(code).toBe(0);
  const versions = JSON.parse(stdout) as Record<string, string>;
  expect(Object.keys(versions)).toEqual(
    expect.arrayContaining(['reelstream', 'node', 'kafka', 'registry', 'clickhouse']),
  );
  for (const [name, version] of Object.entries(versions))
    expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+/)]);
  const pom = readFileSync(join(projectRoot, 'pom.xml'), 'utf8');
  expect(pom).toContain(`<kafka.version>${versions.kafka}<`);
});
