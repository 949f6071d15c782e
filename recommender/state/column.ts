export type TypedArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** A growing typed array, `width` values per row; rows that nobody wrote yet hold `fill`. */
export interface Column<A extends TypedArray = TypedArray> {
  /** replaced when it grows: read it anew in every call, never keep it */
  data: A;
  readonly width: number;
  ensure(rows: number): void;
  /** takes over a saved array: exactly its values, then `fill` */
  replace(saved: TypedArray): void;
}

/** Growth by half keeps the unused tail small beside what doubling would leave. */
const GROWTH = 1.5;

function createColumn<A extends TypedArray>(
  make: (length: number) => A,
  width: number,
  fill: number,
): Column<A> {
  const column: Column<A> = {
    data: make(0),
    width,
    ensure(rows) {
      const { data } = column;
      const needed = rows * width;
      if (needed <= data.length) return;
      const grown = make(Math.max(needed, Math.ceil(data.length * GROWTH)));
      grown.set(data);
      if (fill !== 0) grown.fill(fill, data.length);
      column.data = grown;
    },
    replace(saved) {
      const own = make(saved.length);
      if (saved.constructor !== own.constructor) {
        throw new TypeError(`${saved.constructor.name} in place of ${own.constructor.name}`);
      }
      own.set(saved);
      column.data = own;
    },
  };
  return column;
}

export const float64 = (width = 1, fill = 0) => createColumn((n) => new Float64Array(n), width, fill);
export const float32 = (width = 1, fill = 0) => createColumn((n) => new Float32Array(n), width, fill);
export const int32 = (width = 1, fill = 0) => createColumn((n) => new Int32Array(n), width, fill);
export const uint32 = (width = 1, fill = 0) => createColumn((n) => new Uint32Array(n), width, fill);
export const uint16 = (width = 1, fill = 0) => createColumn((n) => new Uint16Array(n), width, fill);
export const uint8 = (width = 1, fill = 0) => createColumn((n) => new Uint8Array(n), width, fill);
