/** Ratings in time order, one typed array per column: 13 bytes a row. */
export interface RatingsTable {
  readonly length: number;
  readonly userIds: Int32Array;
  readonly movieIds: Int32Array;
  /** 0 to 10 */
  readonly halfStars: Uint8Array;
  /** seconds since 1970 */
  readonly seconds: Uint32Array;
}

export interface RatingsTableBuilder {
  add(userId: number, movieId: number, halfStars: number, seconds: number): void;
  /** sorted by time, then user, then film: the same rows in any file order give the same table */
  build(): RatingsTable;
}

const FIRST_CAPACITY = 1 << 16;

export function createRatingsTableBuilder(): RatingsTableBuilder {
  let capacity = FIRST_CAPACITY;
  let length = 0;
  let userIds = new Int32Array(capacity);
  let movieIds = new Int32Array(capacity);
  let halfStars = new Uint8Array(capacity);
  let seconds = new Uint32Array(capacity);

  const grow = () => {
    capacity *= 2;
    userIds = copyInto(new Int32Array(capacity), userIds);
    movieIds = copyInto(new Int32Array(capacity), movieIds);
    halfStars = copyInto(new Uint8Array(capacity), halfStars);
    seconds = copyInto(new Uint32Array(capacity), seconds);
  };

  return {
    add(userId, movieId, half, second) {
      if (length === capacity) grow();
      userIds[length] = userId;
      movieIds[length] = movieId;
      halfStars[length] = half;
      seconds[length] = second;
      length += 1;
    },
    build() {
      const order = Uint32Array.from({ length }, (_, row) => row).sort(
        (a, b) =>
          seconds[a]! - seconds[b]! || userIds[a]! - userIds[b]! || movieIds[a]! - movieIds[b]! || a - b,
      );
      return {
        length,
        userIds: Int32Array.from(order, (row) => userIds[row]!),
        movieIds: Int32Array.from(order, (row) => movieIds[row]!),
        halfStars: Uint8Array.from(order, (row) => halfStars[row]!),
        seconds: Uint32Array.from(order, (row) => seconds[row]!),
      };
    },
  };
}

function copyInto<T extends Int32Array | Uint8Array | Uint32Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
