import { type Cell, printLine, printTable } from '../print.ts';
import type { Advice, FilmName } from './advice.ts';

/** The list, and with reasons what of the user's past it rests on. */
export function printAdvice({ recommendations, history, as_of: asOf }: Advice, why: boolean): void {
  const columns = ['#', 'film', 'genres', 'stars', 'from', ...(why ? ['because of'] : [])];
  printTable(
    columns,
    recommendations.map((film, place): Cell[] => [
      place + 1,
      nameOf(film),
      film.genres,
      film.predicted_rating,
      film.source,
      ...(why ? [film.because.map((one) => nameOf({ ...one, year: null })).join('; ')] : []),
    ]),
  );
  if (why) {
    printLine();
    printTable(
      ['newest of the user', 'stars', 'when'],
      history.map(({ movie, rating, ts }): Cell[] => [
        nameOf(movie),
        rating === null ? 'watched' : rating.toFixed(1),
        ts.replace('T', ' ').slice(0, 19),
      ]),
    );
  }
  printLine(`\nas of ${asOf ?? 'the start: nothing is learned yet'}; stars: what the user would give`);
}

const nameOf = ({ movie_id: id, title, year }: FilmName): string =>
  `${title ?? `film ${id}`}${year === null ? '' : ` (${year})`}`;
