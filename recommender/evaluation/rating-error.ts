/** Errors of predicted ratings, summed up. */
export interface RatingError {
  readonly count: number;
  /** root mean square, stars */
  readonly rmse: number;
  /** mean absolute, stars */
  readonly mae: number;
  add(error: number): void;
}

export function createRatingError(): RatingError {
  let count = 0;
  let squares = 0;
  let absolutes = 0;
  return {
    get count() {
      return count;
    },
    get rmse() {
      return Math.sqrt(squares / count);
    },
    get mae() {
      return absolutes / count;
    },
    add(error) {
      count++;
      squares += error * error;
      absolutes += Math.abs(error);
    },
  };
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
