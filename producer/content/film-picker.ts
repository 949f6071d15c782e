import { createChance } from '../../core/chance.ts';
import { createAliasRows } from './alias-rows.ts';
import { createArrivals } from './arrivals.ts';
import { type ContentModel, UNKNOWN_FILMS } from './content-model.ts';
import { filmWeights } from './popularity.ts';
import { ARRIVAL_DRAWS, DRAWS } from './streams.ts';

/** A film as one number: a row of the distribution, behind them the new films, below 0 the unknown ones. */
export type Film = number;

export interface FilmPicker {
  /** film of event n */
  pick(n: number): Film;
  /** whether event n is a new film's first */
  isArrival(n: number): boolean;
  idOf(film: Film): number;
  /** row of the distribution that the film is rated like: its own, or a popular one's that was drawn for it */
  ratedLike(film: Film): number;
}

const UNKNOWN = UNKNOWN_FILMS.lastId - UNKNOWN_FILMS.firstId + 1;

export function createFilmPicker(model: ContentModel, seed: number): FilmPicker {
  const { films, newFilms, unknownFilmShare } = model;
  const known = films.movieIds.length;
  const weights = filmWeights(model.popularity, known, model.counts, createChance(seed, 'films'));
  const popular = createAliasRows(weights, known);
  const chance = createChance(seed, 'content');
  const arrivalChance = createChance(seed, 'arrivals');
  const arrivals = createArrivals(
    { share: newFilms.share, followUps: newFilms.followUps, referAfter: model.referAfter },
    arrivalChance,
    ARRIVAL_DRAWS.film,
  );
  const { followUpShare } = arrivals;
  const newIds = UNKNOWN_FILMS.firstId - newFilms.firstId;
  const like = (n: number, draw: number) => popular.pick(0, arrivalChance.unit(n, draw));

  const wellKnown = (n: number) => popular.pick(0, chance.unit(n, DRAWS.film));
  return {
    isArrival: (n) => arrivals.arrivingAt(n) >= 0,
    pick(n) {
      const arriving = arrivals.arrivingAt(n);
      if (arriving >= 0) return known + arriving;
      if (unknownFilmShare === 0 && followUpShare === 0) return wellKnown(n);
      const kind = chance.unit(n, DRAWS.filmKind);
      if (kind < unknownFilmShare) return -1 - chance.below(n, UNKNOWN, DRAWS.film);
      const eligible = kind < 1 - followUpShare ? 0 : arrivals.eligibleAt(n);
      if (eligible === 0) return wellKnown(n);
      return known + arrivals.pickFresh(eligible, chance.unit(n, DRAWS.freshFilm));
    },
    idOf(film) {
      if (film < 0) return UNKNOWN_FILMS.firstId - 1 - film;
      return film < known ? films.movieIds[film]! : newFilms.firstId + ((film - known) % newIds);
    },
    ratedLike(film) {
      if (film < 0) return like(-1 - film, ARRIVAL_DRAWS.unknownFilmRatedLike);
      return film < known ? film : like(film - known, ARRIVAL_DRAWS.newFilmRatedLike);
    },
  };
}
