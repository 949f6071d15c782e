import type { ClickHouse } from '../../clickhouse/connection.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { didYouMean } from '../suggest.ts';

export type NamedKind = 'genre' | 'company';

export interface NamedId {
  readonly id: number;
  readonly name: string;
  readonly films: number;
}

const SQL: Readonly<Record<NamedKind, string>> = {
  genre: `SELECT genre_id AS id, any(g.name) AS name, toUInt32(countIf(m.tmdb_id > 0)) AS films
    FROM genres AS g LEFT JOIN movie_genres AS m ON m.genre_id = g.genre_id GROUP BY id ORDER BY id`,
  company: `SELECT company_id AS id, any(c.name) AS name, toUInt32(countIf(m.tmdb_id > 0)) AS films
    FROM companies AS c LEFT JOIN movie_companies AS m ON m.company_id = c.company_id GROUP BY id ORDER BY id`,
};

export interface FoundNames {
  readonly ids: readonly number[];
  /** names as the catalogue writes them, joined */
  readonly shown: string;
}

/**
 * Ids of genres or companies that a person named, by name (any case) or by id.
 * @throws ReelstreamError `usage` for a name that nobody has, with the nearest, and for one that several ids share, with them
 */
export async function findNames(
  clickhouse: ClickHouse,
  kind: NamedKind,
  given: readonly string[],
  limits: Readonly<Record<string, number>>,
): Promise<FoundNames> {
  const all = await clickhouse.query<NamedId>(SQL[kind], { settings: limits });
  const found = given.flatMap((text) => pick(kind, text, all));
  return {
    ids: [...new Set(found.map(({ id }) => id))],
    shown: found.map(({ name }) => name).join(' or '),
  };
}

/** Exported for its test: one name or list of ids among all. */
export function pick(kind: NamedKind, text: string, all: readonly NamedId[]): NamedId[] {
  if (/^\d+(,\d+)*$/.test(text)) return text.split(',').map((id) => byId(kind, Number(id), all));
  const inAnyCase = all.filter(({ name }) => name.toLowerCase() === text.toLowerCase());
  const exact = inAnyCase.filter(({ name }) => name === text);
  const found = exact.length > 0 ? exact : inAnyCase;
  if (found.length === 1) return found;
  if (found.length === 0) {
    const names = [...new Set(all.map(({ name }) => name))];
    throw new ReelstreamError(
      'usage',
      `--${kind}: the catalogue has no ${kind} "${text}"${didYouMean(text, names)}`,
    );
  }
  const list = found.map(({ id, name, films }) => `  --${kind} ${id}  ${name}, ${films} films`).join('\n');
  const together = found.map(({ id }) => id).join(',');
  throw new ReelstreamError(
    'usage',
    `--${kind}: ${found.length} of them are called "${text}"; say which:\n${list}\n  --${kind} ${together}  all of these`,
  );
}

function byId(kind: NamedKind, id: number, all: readonly NamedId[]): NamedId {
  const found = all.find((one) => one.id === id);
  if (found) return found;
  throw new ReelstreamError('usage', `--${kind}: the catalogue has no ${kind} with the id ${id}`);
}
