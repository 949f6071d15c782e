import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../../core/schedule/parse-profile.ts';

const page = readFileSync(new URL('../../../docs/load-simulator.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('\n## Profiles\n')).split('\n## ')[1]!;
const readText = () => 't,rate\n0,1\n';

describe('the profiles page', () => {
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const examples = rows
    .map((row) => /`([^`]+)`[^`]*\|$/.exec(row)![1]!)
    .filter((text) => !text.startsWith('--'));

  it.each(examples)('gives an example that is understood: %s', (text) => {
    expect(parseProfile(text, { readText })).toHaveLength(1);
  });

  it('names every kind of piece', () => {
    const named = new Set(rows.map((row) => /^\| `([a-z]+)/.exec(row)![1]));
    const kinds = 'batch burst constant csv dip diurnal ramp replay sine steps';
    expect([...named].toSorted().join(' ')).toBe(kinds);
  });

  it('shows a table of rates that can be read', () => {
    const table = /```csv\n([\s\S]*?)```/.exec(section)![1]!.replaceAll(/^ +/gm, '');
    const [shape] = parseProfile('csv:x', { readText: () => table });
    expect(shape).toMatchObject({ unit: 'rate', points: { length: 4 } });
  });
});
