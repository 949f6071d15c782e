/** Stands for a genre or company that nobody told us; readers see `(unknown)`. */
export const UNKNOWN_ID = 0;
export const UNKNOWN_NAME = '(unknown)';

interface Genre {
  readonly id: number;
  readonly name: string;
}

/**
 * MovieLens genre words -> TMDB genres, for films without TMDB facts. Film-Noir has no TMDB genre: it keeps an id of its
 * own, above every TMDB id (the highest is 10770). IMAX is a format and `(no genres listed)` is no genre: both say nothing.
 */
const MOVIELENS_GENRES: Readonly<Record<string, Genre | null>> = {
  Action: { id: 28, name: 'Action' },
  Adventure: { id: 12, name: 'Adventure' },
  Animation: { id: 16, name: 'Animation' },
  Children: { id: 10751, name: 'Family' },
  Comedy: { id: 35, name: 'Comedy' },
  Crime: { id: 80, name: 'Crime' },
  Documentary: { id: 99, name: 'Documentary' },
  Drama: { id: 18, name: 'Drama' },
  Fantasy: { id: 14, name: 'Fantasy' },
  'Film-Noir': { id: 60_001, name: 'Film-Noir' },
  Horror: { id: 27, name: 'Horror' },
  Musical: { id: 10402, name: 'Music' },
  Mystery: { id: 9648, name: 'Mystery' },
  Romance: { id: 10749, name: 'Romance' },
  'Sci-Fi': { id: 878, name: 'Science Fiction' },
  Thriller: { id: 53, name: 'Thriller' },
  War: { id: 10752, name: 'War' },
  Western: { id: 37, name: 'Western' },
  IMAX: null,
  '(no genres listed)': null,
};

/** `Adventure|Children|IMAX` -> genres, and the words that the table does not know. */
export function genresOfMovieLens(field: string): { genres: Genre[]; unknownWords: string[] } {
  const words = field.split('|').filter((word) => word !== '');
  const unknownWords = words.filter((word) => !Object.hasOwn(MOVIELENS_GENRES, word));
  const genres = words.flatMap((word) =>
    Object.hasOwn(MOVIELENS_GENRES, word) ? (MOVIELENS_GENRES[word] ?? []) : [],
  );
  return { genres, unknownWords };
}
