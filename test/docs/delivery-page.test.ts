import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../runtime/environment.ts';

const ROW = /\| `([\w/.-]+\.test\.ts)`(?: ([^|]+?))? \|$/;

/** The failure table of docs/delivery.md: which test proves each row. */
function claims(): { file: string; test: string }[] {
  const page = readFileSync(join(projectRoot, 'docs', 'delivery.md'), 'utf8');
  return page.split('\n').flatMap((line) => {
    const found = ROW.exec(line);
    return found ? [{ file: found[1]!, test: found[2] ?? '' }] : [];
  });
}

describe('docs/delivery.md', () => {
  it('proves every row of its failure table by a test that exists', () => {
    const rows = claims();
    expect(rows.length).toBeGreaterThan(20);
    const missing = rows.filter(({ file, test }) => {
      const text = readFileSync(join(projectRoot, 'test', file), 'utf8');
      return !text.includes(test);
    });
    expect(missing).toEqual([]);
  });
});
