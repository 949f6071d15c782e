/** The scale that predictions are given on. A rating of 0 stars is taken, but nobody is told to expect one. */
export const LOWEST_STARS = 0.5;
export const HIGHEST_STARS = 5;

export const clip = (stars: number): number => Math.min(Math.max(stars, LOWEST_STARS), HIGHEST_STARS);
