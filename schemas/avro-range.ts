/** An Avro int is 32 bits wide, but its bytes can spell larger numbers and the parser lets them through. */
export function isInt32(value: number): boolean {
  return (value | 0) === value;
}

/** Beyond 2^52 the parser's zigzag arithmetic, done in floating point, is off by one or flips the sign. */
const MAX_EXACT_LONG = 2 ** 52;

export function isExactLong(value: number): boolean {
  return Math.abs(value) < MAX_EXACT_LONG;
}
