import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../runtime/environment.ts';

const text = readFileSync(join(projectRoot, 'docs', 'delivery.md'), 'utf8');

/** docs/delivery.md names the test behind each row of its failure table; a test that is renamed or gone must show here. */
describe('the failure table of docs/delivery.md', () => {
  const named = [...text.matchAll(/`([\w/-]+(?:\.(?:contract|faults))?\.test\.ts)` "([^"]+)"/g)];

  it.each(named.map(([, file, name]) => [file!, name!]))('%s has a test "%s"', (file, name) => {
    const source = readFileSync(join(projectRoot, 'test', file), 'utf8');
    expect(source).toContain(name);
  });

  it('names a test in every row', () => {
    const rows = text
      .slice(text.indexOf('## Failure table'), text.indexOf('And the proof can fail'))
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| what') && !line.startsWith('| ---'));
    expect(rows.length).toBeGreaterThan(25);
    expect(rows.filter((row) => !/\.test\.ts` "/.test(row))).toEqual([]);
  });
});
