import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillPlaceholders, parseQuestion, readQuestions } from '../../../clickhouse/questions.ts';
import { questionsPage } from '../../../clickhouse/questions-page.ts';
import { projectRoot } from '../../../runtime/environment.ts';

const GOOD = `-- title: Films since {from}, {credit} credit
-- summary: how many
-- source: catalogue
-- definition: Films, each once,
--   by genre.
-- caveat: Not all.
-- parameter from year = 1990 (0..2200): first year
-- parameter credit choice = full (full|fractional): which credit ranks
-- parameter genre genre = all: only these
-- column genre: name
-- column films_full [films]: how many
-- column films_fractional [films]: shared
-- total all_films [films]: all of them
-- coverage: {all_films} films
-- chart: bars of films_{credit} by genre
SELECT 1 AS genre, {from:UInt16} AS films_full, {credit:String} AS films_fractional, {genre:Array(UInt32)} AS all_films
`;

const faultsOf = (file: string): string => {
  try {
    parseQuestion('planted', file);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the files of questions', () => {
  const questions = readQuestions(join(projectRoot, 'clickhouse/questions'));

  it('are all well-formed and say what they mean', () => {
    expect(questions.length).toBeGreaterThan(0);
    for (const { name, summary, definition, caveats, parameters } of questions) {
      expect(summary.length, name).toBeLessThan(100);
      expect(definition.length, name).toBeGreaterThan(60);
      expect(caveats.length, name).toBeGreaterThan(0);
      expect(
        parameters.filter(({ text }) => text.length < 8),
        name,
      ).toEqual([]);
    }
  });
});

describe('docs/questions.md', () => {
  it('is current: npm run generate', () => {
    const questions = readQuestions(join(projectRoot, 'clickhouse/questions'));
    expect(readFileSync(join(projectRoot, 'docs/questions.md'), 'utf8')).toBe(questionsPage(questions));
  });
});

describe('the form of a question', () => {
  it('is read whole', () => {
    expect(parseQuestion('planted', GOOD)).toMatchObject({
      name: 'planted',
      definition: 'Films, each once, by genre.',
      caveats: ['Not all.'],
      parameters: [
        { name: 'from', kind: 'year', defaultText: '1990', range: ['0', '2200'], choices: [] },
        { name: 'credit', kind: 'choice', defaultText: 'full', range: null, choices: ['full', 'fractional'] },
        { name: 'genre', kind: 'genre', defaultText: 'all', range: null },
      ],
      columns: [
        { name: 'genre', unit: '' },
        { name: 'films_full', unit: 'films' },
        { name: 'films_fractional' },
      ],
      totals: [{ name: 'all_films' }],
      chart: { kind: 'bars', value: 'films_{credit}', labels: ['genre'], series: null },
      sql: expect.stringMatching(/^SELECT 1/),
    });
  });

  it.each([
    ['a missing line', /-- summary.*\n/, '', 'summary: stands 0 times'],
    ['an unknown line', '-- caveat: Not', '-- cave: Not', 'not a header line: -- cave'],
    ['an unknown source', 'source: catalogue', 'source: somewhere', 'catalogue or stream'],
    ['an unknown kind', 'from year', 'from yaer', 'not a parameter: from yaer'],
    ['a default outside its choice', 'choice = full', 'choice = half', 'its default among them'],
    ['a parameter nobody uses', '{from:UInt16}', '1', 'parameter from is not in the statement'],
    ['a parameter nobody described', '1 AS genre', '{other:UInt8} AS genre', '{other} has no parameter line'],
    ['a wrong type', '{from:UInt16}', '{from:String}', 'a year arrives as UInt16, not String'],
    [
      'a chart of nothing',
      'bars of films_{credit}',
      'bars of film_{credit}',
      'no column is called film_full',
    ],
    ['a chart of no kind', 'bars of', 'pies of', 'is none of'],
    [
      'a placeholder for nothing',
      '{all_films} films',
      '{some_films} films',
      'nothing is called {some_films}',
    ],
    ['a column twice', 'total all_films', 'total genre', 'column genre stands twice'],
    ['a second statement', 'AS all_films', 'AS all_films; DROP TABLE films', 'without ;'],
  ])('refuses %s', (_, from, to, fault) => {
    expect(faultsOf(GOOD.replace(from, to))).toContain(fault);
  });

  it('fills what it knows and leaves the rest', () => {
    expect(fillPlaceholders('{a} of {b}', { a: '1' })).toBe('1 of {b}');
  });
});
