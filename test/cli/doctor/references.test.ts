import { expect, it } from 'vitest';
import { referenceFindings } from '../../../cli/doctor/references.ts';

const key = { from: 'links', column: 'movie_id', to: 'movies', key: 'movie_id' };

it('says in one line that all is well, and names what is not', () => {
  const sound = { foreignKey: key, references: 1_000, orphans: 0, examples: [] };
  expect(referenceFindings([sound, sound])).toEqual([
    { what: 'references', health: 'ok', detail: '2 of 2 foreign keys hold, 2,000 references counted' },
  ]);
  const broken = { foreignKey: key, references: 1_000, orphans: 2, examples: [7, 9] };
  const dangling = {
    foreignKey: { ...key, where: 'x', mayDangle: 'as rated' },
    references: 50,
    orphans: 20,
    examples: [1, 2, 3, 4, 5],
  };
  expect(referenceFindings([sound, broken, dangling])).toEqual([
    { what: 'references', health: 'ok', detail: '1 of 3 foreign keys hold, 1,000 references counted' },
    {
      what: 'references',
      health: 'bad',
      detail: 'links.movie_id -> movies.movie_id: 2 of 1,000 lead nowhere (7, 9)',
    },
    {
      what: 'references',
      health: 'warn',
      detail: 'links.movie_id -> movies.movie_id (x): 20 of 50 lead nowhere (1, 2, 3, 4, 5, …); as rated',
    },
  ]);
});
