import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addProduceOptions } from '../../../cli/produce/options.ts';
import { planOf } from './plans.ts';

const page = readFileSync(new URL('../../../docs/load-simulator.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('\n## Running it\n')).split('\n## ')[1]!;

/** The last cell of each row of the option tables, up to a pipe of the shell. */
const examples = section
  .replaceAll('\\|', '¦')
  .split('\n')
  .filter((line) => line.startsWith('| `--'))
  .map((row) => /`([^`]+)` \|$/.exec(row)![1]!.split(' ¦ ')[0]!);

describe('the page of the load simulator', () => {
  it('names every option', () => {
    const options = addProduceOptions(new Command('produce')).options.map(({ long }) => long!);
    expect(options.filter((option) => !page.includes(`\`${option}`) && !page.includes(`${option} `))).toEqual(
      [],
    );
  });

  it.each(examples)('gives an example that is understood: %s', async (example) => {
    await planOf(example.split(' '));
  });
});
