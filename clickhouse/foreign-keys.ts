import type { ClickHouse } from './connection.ts';
import { SELF_TEST_LOCK } from './fence.ts';

/**
 * What refers to what. ClickHouse enforces no foreign keys, so they are data: drawn in docs/data-model.md, counted by
 * `countOrphans`. Names are those that readers use, so that a reference means the newest catalogue.
 */
export interface ForeignKey {
  readonly from: string;
  readonly column: string;
  /** the column is an array of ids */
  readonly isArray?: boolean;
  readonly to: string;
  readonly key: string;
  /** 0 refers to nothing */
  readonly zeroIsNone?: boolean;
  /** other rows of `from` refer to nothing */
  readonly where?: string;
  /** why a reference may lead nowhere; without it an orphan is a fault */
  readonly mayDangle?: string;
}

const RELOADED =
  'ids of an older catalogue that the newest has dropped; reelstream rebuild --catalog replaces them';

export const FOREIGN_KEYS: readonly ForeignKey[] = [
  { from: 'movies', column: 'genre_ids', isArray: true, to: 'genres', key: 'genre_id' },
  { from: 'movies', column: 'company_ids', isArray: true, to: 'companies', key: 'company_id' },
  { from: 'links', column: 'movie_id', to: 'movies', key: 'movie_id' },
  { from: 'links', column: 'tmdb_id', to: 'movies', key: 'tmdb_id', zeroIsNone: true },
  { from: 'catalog_versions', column: 'version', to: 'catalog_loads', key: 'version' },
  { from: 'load_reports', column: 'version', to: 'catalog_loads', key: 'version' },
  { from: 'catalog_sources', column: 'version', to: 'catalog_loads', key: 'version' },
  { from: 'catalog_cpi_coverage', column: 'version', to: 'catalog_loads', key: 'version' },
  { from: 'events_raw', column: 'slot', to: 'streams', key: 'slot' },
  { from: 'events_raw', column: 'catalog_version', to: 'catalog_versions', key: 'version', zeroIsNone: true },
  // films, genres and companies of events are asked of an aggregate: it holds the same ids in far fewer rows than raw
  {
    from: 'agg_ratings_day',
    column: 'id',
    to: 'movies',
    key: 'movie_id',
    where: "dimension = 'movie'",
    mayDangle: 'rated films that the catalogue does not hold: they count under (unknown)',
  },
  {
    from: 'agg_ratings_day',
    column: 'id',
    to: 'genres',
    key: 'genre_id',
    where: "dimension = 'genre'",
    mayDangle: RELOADED,
  },
  {
    from: 'agg_ratings_day',
    column: 'id',
    to: 'companies',
    key: 'company_id',
    where: "dimension = 'company'",
    mayDangle: RELOADED,
  },
  { from: 'agg_pipeline_minute', column: 'slot', to: 'streams', key: 'slot' },
  { from: 'agg_ratings_live', column: 'slot', to: 'streams', key: 'slot' },
  { from: 'agg_ratings_day', column: 'slot', to: 'streams', key: 'slot' },
  { from: 'agg_ratings_year', column: 'slot', to: 'streams', key: 'slot' },
  { from: 'user_ratings', column: 'slot', to: 'streams', key: 'slot' },
  { from: 'fence', column: 'slot', to: 'streams', key: 'slot', where: `slot < ${SELF_TEST_LOCK}` },
  { from: 'slot_starts', column: 'slot', to: 'streams', key: 'slot' },
  { from: 'sealed_months', column: 'slot', to: 'streams', key: 'slot' },
  { from: 'rebuilds', column: 'slot', to: 'streams', key: 'slot' },
];

export interface OrphanCount {
  readonly foreignKey: ForeignKey;
  /** references that should lead somewhere */
  readonly references: number;
  /** of these, those that do not */
  readonly orphans: number;
  /** a few of the keys that are missing, ascending */
  readonly examples: readonly number[];
}

/** Counts every reference and those that lead nowhere. @throws ReelstreamError `clickhouse`, `unavailable` */
export async function countOrphans(
  clickhouse: ClickHouse,
  foreignKeys: readonly ForeignKey[] = FOREIGN_KEYS,
): Promise<OrphanCount[]> {
  const counts: OrphanCount[] = [];
  for (const foreignKey of foreignKeys) {
    const [row] = await clickhouse.query<Omit<OrphanCount, 'foreignKey'>>(orphanSql(foreignKey));
    counts.push({ foreignKey, references: row!.references, orphans: row!.orphans, examples: row!.examples });
  }
  return counts;
}

/** `movies.genre_ids -> genres.genre_id`, with the condition where there is one */
export function nameOfForeignKey({ from, column, to, key, where }: ForeignKey): string {
  return `${from}.${column} -> ${to}.${key}${where === undefined ? '' : ` (${where})`}`;
}

function orphanSql({ from, column, isArray, to, key, zeroIsNone, where }: ForeignKey): string {
  return `SELECT toFloat64(sum(uses)) AS references, toFloat64(sumIf(uses, missing)) AS orphans,
      arraySlice(arraySort(groupUniqArrayIf(1000)(reference, missing)), 1, 5) AS examples
    FROM
    (
      SELECT reference, count() AS uses, reference NOT IN (SELECT ${key} FROM ${to}) AS missing
      FROM (SELECT ${isArray ? `arrayJoin(${column})` : column} AS reference FROM ${from}${where === undefined ? '' : ` WHERE ${where}`})
      ${zeroIsNone ? 'WHERE reference != 0' : ''}
      GROUP BY reference
    )`;
}
