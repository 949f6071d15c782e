import type { Chance } from '../../core/chance.ts';

/**
 * Normal values around 0 (Box-Muller), a pure function of (seed, stream, id): a row's start does not depend on when its user
 * or film appeared, so that replicas and shards agree.
 */
export function fillNormal(
  target: Float32Array | Float64Array,
  offset: number,
  length: number,
  deviation: number,
  chance: Chance,
  id: number,
): void {
  for (let k = 0; k < length; k += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - chance.unit(id, k)));
    const angle = 2 * Math.PI * chance.unit(id, k + 1);
    target[offset + k] = radius * Math.cos(angle);
    if (k + 1 < length) target[offset + k + 1] = radius * Math.sin(angle);
  }
}
