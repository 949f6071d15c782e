import { createChance } from '../../core/chance.ts';

const SEED = 7;

/** Draws of one series, a function of its name and the minute: the same in every run, and no series disturbs another. */
export interface Noise {
  /** standard normal */
  normal(minute: number): number;
  /** a count with this mean */
  poisson(minute: number, mean: number): number;
  /** uniform in [0, 1) */
  unit(minute: number): number;
}

export function noiseOf(series: string): Noise {
  const chance = createChance(SEED, series);
  const normal = (minute: number) =>
    Math.sqrt(-2 * Math.log(1 - chance.unit(minute, 0))) * Math.cos(2 * Math.PI * chance.unit(minute, 1));
  return {
    normal,
    unit: (minute) => chance.unit(minute, 2),
    poisson(minute, mean) {
      if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(minute)));
      // Knuth: products of uniforms until they fall below e^-mean
      const limit = Math.exp(-mean);
      let product = chance.unit(minute, 3);
      let count = 0;
      while (product > limit) {
        count += 1;
        product *= chance.unit(minute, 3 + count);
      }
      return count;
    },
  };
}
