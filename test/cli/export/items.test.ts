import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseItems, exportItems } from '../../../cli/export/items.ts';
import { EXPORTED_TABLES, LEFT_OUT_VIEWS } from '../../../cli/export/tables.ts';
import { readDataModel, readDdlFiles } from '../../../clickhouse/data-model.ts';
import { readQuestions } from '../../../clickhouse/questions.ts';
import { projectRoot } from '../../../runtime/environment.ts';

const questions = readQuestions(join(projectRoot, 'clickhouse/questions'));
const { items, leftOut } = exportItems(questions);
const names = (chosen: readonly { readonly name: string }[]) => chosen.map(({ name }) => name);

describe('what an export holds', () => {
  it('is every view of the DDL, or the reason why not', () => {
    const { views } = readDataModel(readDdlFiles(join(projectRoot, 'clickhouse/ddl')));
    const forgotten = names(views).filter((name) => !(name in EXPORTED_TABLES) && !(name in LEFT_OUT_VIEWS));
    expect(forgotten).toEqual([]);
  });

  it('is every question, or the reason why not, with all its rows', () => {
    const answered = items.flatMap((item) => (item.kind === 'question' ? [item.question.name] : []));
    expect([...new Set(answered), ...names(leftOut)].sort()).toEqual(names(questions).sort());
    expect(leftOut).toEqual([
      { name: 'movie', reason: 'asks about one movie_id' },
      { name: 'user', reason: 'asks about one user_id' },
    ]);
    expect(names(items)).toEqual(
      expect.arrayContaining(['trending-movie', 'trending-genre', 'trending-company']),
    );
    const films = items.find(({ name }) => name === 'highest-rated');
    expect(films).toMatchObject({ given: { top: '1000000' } });
  });

  it('has names that are file names, each once', () => {
    expect(new Set(names(items)).size).toBe(items.length);
    for (const { name } of items) expect(name).toMatch(/^[\w-]+$/);
  });
});

describe('--only', () => {
  it('takes tables, questions and single variants, in the order of the export', () => {
    expect(names(chooseItems(items, undefined))).toEqual(names(items));
    expect(names(chooseItems(items, ['trending', 'films']))).toEqual([
      'films',
      'trending-movie',
      'trending-genre',
      'trending-company',
    ]);
    expect(names(chooseItems(items, ['trending-genre']))).toEqual(['trending-genre']);
  });

  it('suggests what was meant', () => {
    expect(() => chooseItems(items, ['film'])).toThrow(
      /nothing that is exported is called "film"; did you mean films/,
    );
    expect(() => chooseItems(items, ['xxxxxxxxxx'])).toThrow(/there are movies, films/);
  });
});
