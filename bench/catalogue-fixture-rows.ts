import { createChance } from '../core/chance.ts';

/**
 * What the published files count, of records with their two halves put together again. Sources: data-understanding
 * write-ups of "The Movies Dataset"; where they give no figure the number is one that a film catalogue of this size has.
 */
export const FULL_SIZE = {
  /** lines that look like records: 45,463 and the three second halves */
  rows: 45_466,
  films: 45_433,
  stitched: 3,
  /** ids that stand in the file again, one of them twice */
  identicalIds: 16,
  identicalRows: 17,
  conflictingIds: 13,
  zeroBudgets: 36_573,
  zeroRevenues: 38_052,
  tinyBudgets: 25,
  tinyRevenues: 33,
  noVotes: 2_899,
  zeroRuntimes: 1_558,
  emptyRuntimes: 263,
  noGenres: 2_442,
  noCompanies: 11_875,
  noReleaseDate: 87,
  beforeDate32: 40,
  firstOfJanuary: 1_400,
  notReleased: 450,
  links: 45_843,
  linksWithoutId: 219,
  linksToNoFilm: 161,
  linksRepeated: 30,
} as const;

/** Records that a line end in the overview breaks in two: film -> id. Second halves are rows 19,730, 29,503 and 35,587. */
const BROKEN: ReadonlyMap<number, number> = new Map([
  [19_729, 82_663],
  [29_501, 122_662],
  [35_584, 249_260],
]);
const COLUMNS =
  'adult,belongs_to_collection,budget,genres,homepage,id,imdb_id,original_language,original_title,overview,popularity,poster_path,production_companies,production_countries,release_date,revenue,runtime,spoken_languages,status,tagline,title,video,vote_average,vote_count';
const DUPLICATED_IDS = FULL_SIZE.identicalIds + FULL_SIZE.conflictingIds;
/** The oldest film of the file; everything before 1900 keeps its year only. */
const OLDEST = '1874-12-09';

type Trap =
  | 'zeroBudgets'
  | 'zeroRevenues'
  | 'tinyBudgets'
  | 'tinyRevenues'
  | 'noVotes'
  | 'zeroRuntimes'
  | 'emptyRuntimes'
  | 'noGenres'
  | 'noCompanies'
  | 'noReleaseDate'
  | 'beforeDate32'
  | 'firstOfJanuary'
  | 'notReleased';

const chance = createChance(45_466, 'catalogue fixture');
const isPlain = (film: number) => film >= DUPLICATED_IDS && !BROKEN.has(film);

/** Ids rise with gaps, as TMDB's do, and hit the three broken ones. */
function idOf(film: number): number {
  return BROKEN.get(film) ?? 1_000_000 + film * 7;
}

/** Which films have a trap: as many as published, of those that are neither repeated nor broken. */
function createTraps(): (film: number, trap: Trap) => boolean {
  const films = Array.from({ length: FULL_SIZE.films }, (_, i) => i).filter(isPlain);
  let draw = 0;
  const pick = (count: number, from: readonly number[]) => {
    draw += 1;
    const keys = new Map(from.map((film) => [film, chance.unit(film, draw)]));
    return new Set([...from].sort((a, b) => keys.get(a)! - keys.get(b)!).slice(0, count));
  };
  const traps = new Map<Trap, ReadonlySet<number>>();
  const spread = (...names: Trap[]) => {
    let free: readonly number[] = films;
    for (const name of names) {
      const chosen = pick(FULL_SIZE[name], free);
      traps.set(name, chosen);
      // a field has one trap at most
      free = free.filter((film) => !chosen.has(film));
    }
  };
  spread('zeroBudgets', 'tinyBudgets');
  spread('zeroRevenues', 'tinyRevenues');
  spread('zeroRuntimes', 'emptyRuntimes');
  spread('noReleaseDate', 'beforeDate32', 'firstOfJanuary');
  for (const name of ['noVotes', 'noGenres', 'noCompanies', 'notReleased'] as const) spread(name);
  return (film, trap) => traps.get(trap)!.has(film);
}

/** `movies_metadata.csv`. */
export function* filmRows(): Generator<string> {
  yield `${COLUMNS}\n`;
  const has = createTraps();
  for (let film = 0; film < FULL_SIZE.films; film++) yield filmRow(film, has);
  // copies stand far behind their originals, as in the published file
  for (let film = 0; film < DUPLICATED_IDS; film++) {
    if (film >= FULL_SIZE.identicalIds) yield filmRow(film, has, { votes: film % 2 === 0 ? 5 : -5 });
    else yield filmRow(film, has);
    if (film === 0) yield filmRow(film, has);
  }
}

const GENRES = ['Drama', 'Comedy', 'Thriller', 'Romance', 'Action', 'Horror', 'Crime', 'Documentary'];
const OVERVIEW = 'A stranger comes to town, and nobody asks why. '.repeat(7).trim();
/** Names that only a reader of Python literals gets right. */
const COMPANIES = ["'Canal+'", `"Director's Cut"`, "'Toho \\u6771\\u5b9d'", `'The "Big" Picture'`];

function filmRow(film: number, has: (film: number, trap: Trap) => boolean, change = { votes: 0 }): string {
  const id = idOf(film);
  const at = (bound: number, draw: number) => chance.below(film, bound, draw);
  const money = (zero: Trap, tiny: Trap, draw: number) =>
    has(film, zero) ? 0 : has(film, tiny) ? 1 + at(999, draw) : 10_000 + at(200_000_000, draw);
  const overview = BROKEN.has(film)
    ? 'Soldiers arrest a terrorist.\n - Written by Ørnås'
    : quoted(OVERVIEW + breakOf(film));
  const companies = has(film, 'noCompanies') ? '[]' : entries(companyNames(film), 10 + film);
  const title = film % 50 === 0 ? quoted(`"Film", No ${film}`) : `Film ${film} é`;
  return `${[
    'False',
    film % 10 === 0 ? quoted(`{'id': ${500 + film}, 'name': "Film's Collection", 'poster_path': None}`) : '',
    money('zeroBudgets', 'tinyBudgets', 20),
    quoted(has(film, 'noGenres') ? '[]' : entries(genreNames(film), 18)),
    '',
    id,
    `tt${String(film + 1).padStart(7, '0')}`,
    'en',
    title,
    overview,
    (at(2_000_000, 21) / 100_000).toFixed(6),
    '/ff9qCepilowshEtG2GYWwzt2bs4.jpg',
    quoted(companies),
    quoted("[{'iso_3166_1': 'US', 'name': 'United States of America'}]"),
    releaseDate(film, has),
    money('zeroRevenues', 'tinyRevenues', 22),
    has(film, 'emptyRuntimes') ? '' : has(film, 'zeroRuntimes') ? '0.0' : `${40 + at(150, 23)}.0`,
    quoted("[{'iso_639_1': 'en', 'name': 'English'}]"),
    has(film, 'notReleased') ? 'Post Production' : 'Released',
    '',
    title,
    'False',
    has(film, 'noVotes') ? '0.0' : (1 + at(90, 24) / 10).toFixed(1),
    has(film, 'noVotes') ? 0 : 100 + at(5_000, 25) + change.votes,
  ].join(',')}\n`;
}

const breakOf = (film: number) => (film % 1_000 === 7 ? '\nA second paragraph, with "quotes".' : '');
const genreNames = (film: number) => [0, 1].map((i) => `'${GENRES[(film + i * 3) % GENRES.length]}'`);
const companyNames = (film: number) => [COMPANIES[film % COMPANIES.length]!, `'Company ${film % 3_000}'`];

function entries(names: readonly string[], firstId: number): string {
  return `[${names.map((name, i) => `{'name': ${name}, 'id': ${firstId + i}}`).join(', ')}]`;
}

function releaseDate(film: number, has: (film: number, trap: Trap) => boolean): string {
  if (has(film, 'noReleaseDate')) return '';
  const day = `${twoDigits(1 + chance.below(film, 12, 31))}-${twoDigits(2 + chance.below(film, 27, 32))}`;
  if (has(film, 'beforeDate32')) return film % 2 === 0 ? OLDEST : `${1890 + (film % 10)}-${day}`;
  const year = 2017 - Math.floor(chance.unit(film, 30) ** 3 * 117);
  return has(film, 'firstOfJanuary') ? `${year}-01-01` : `${year}-${day}`;
}

const twoDigits = (n: number) => String(n).padStart(2, '0');
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** `links.csv`: every film once, some twice, some ids of films that the metadata lacks, some without an id. */
export function* linkRows(): Generator<string> {
  yield 'movieId,imdbId,tmdbId\n';
  const { films, linksRepeated, linksToNoFilm, linksWithoutId } = FULL_SIZE;
  const targets = [
    ...Array.from({ length: films }, (_, i) => String(idOf(i))),
    ...Array.from({ length: linksRepeated }, (_, i) => String(idOf(i * 100))),
    ...Array.from({ length: linksToNoFilm }, (_, i) => String(3_000_000 + i)),
    ...Array.from({ length: linksWithoutId }, () => ''),
  ];
  for (const [i, tmdbId] of targets.entries()) yield `${i + 1},${String(i + 1).padStart(7, '0')},${tmdbId}\n`;
}
