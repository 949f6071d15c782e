/** Ratings a film can get here: 0.5 to 5.0 in half steps. Step `i` stands for (i + 1) / 2 stars. */
export const RATING_STEPS = 10;

/** How the films of a distribution are rated, film by film in ascending order of their ids. */
export interface FilmRatings {
  /** MovieLens ids, ascending, each once */
  readonly movieIds: Int32Array;
  /** RATING_STEPS probabilities a film, which add up to 1 */
  readonly probabilities: Float64Array;
}
