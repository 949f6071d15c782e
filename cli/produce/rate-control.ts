import { ReelstreamError } from '../../core/errors.ts';

/** Changes the rate of a run while it goes on, by HTTP or by signal. */
export interface RateControl {
  /** what the profile's rate is multiplied by now */
  readonly factor: number;
  /** `PUT /rate` with `{"rate": 500}` or `{"factor": 0.5}` */
  put(body: unknown): object;
  /** SIGUSR1 raises, SIGUSR2 lowers the rate by a tenth */
  listenToSignals(): void;
  close(): void;
}

const STEP = 1.1;
const MAX_FACTOR = 1_000_000;

/** @param ownRate the profile says how many events per second, so that a rate cannot be asked for */
export function createRateControl(
  rate: number,
  ownRate: boolean,
  scale: (factor: number) => void,
): RateControl {
  let factor = 1;
  const set = (wanted: number): object => {
    factor = wanted;
    scale(factor);
    return { factor, ...(ownRate ? {} : { rate: rate * factor }) };
  };
  const raise = () => void set(factor * STEP);
  const lower = () => void set(factor / STEP);
  return {
    get factor() {
      return factor;
    },
    put(body) {
      const { rate: wantedRate, factor: wantedFactor } = (body ?? {}) as Readonly<Record<string, unknown>>;
      if (wantedRate !== undefined && ownRate) {
        throw new ReelstreamError('usage', 'rate: this profile has its own rates; send {"factor": 0.5}');
      }
      const wanted = wantedFactor ?? (typeof wantedRate === 'number' ? wantedRate / rate : wantedRate);
      if (typeof wanted === 'number' && wanted >= 0 && wanted <= MAX_FACTOR) return set(wanted);
      throw new ReelstreamError('usage', 'send {"rate": <events per second>} or {"factor": <0 or more>}');
    },
    listenToSignals() {
      process.on('SIGUSR1', raise).on('SIGUSR2', lower);
    },
    close() {
      process.off('SIGUSR1', raise).off('SIGUSR2', lower);
    },
  };
}
