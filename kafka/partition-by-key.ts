const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const ROTATION = 24;

/**
 * The partition of a key, as Java's clients choose it, so that a user's events meet in one partition whoever wrote them.
 * Source: Kafka's `Utils.murmur2` and `BuiltInPartitioner`.
 */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** MurmurHash2, 32 bits, of Austin Appleby (public domain). */
function murmur2(data: Uint8Array): number {
  const { length } = data;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < whole; at += 4) {
    let word = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> ROTATION;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const rest = length - whole;
  if (rest === 3) hash ^= data[whole + 2]! << 16;
  if (rest >= 2) hash ^= data[whole + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ data[whole]!, MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}
