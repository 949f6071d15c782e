import type { Chance } from '../../core/chance.ts';

export interface ArrivalOptions {
  /** share of events that are somebody's (or some film's) first, 0 to 1 */
  readonly share: number;
  /** further events per arrival, most of them while it is new */
  readonly followUps: number;
  /** event n may refer to what arrived before event n - referAfter */
  readonly referAfter: number;
}

/** Arrivals are numbered from 0 in the order of their events. */
export interface Arrivals {
  /** the arrival that event n is the first event of; -1 for none */
  arrivingAt(n: number): number;
  /** arrivals that event n may refer to: the numbers below this one */
  eligibleAt(n: number): number;
  /** share of events that follow up on an eligible arrival */
  readonly followUpShare: number;
  /** one of the eligible, the newest tenth of them in 63 % of the draws; @param unit uniform in [0, 1) */
  pickFresh(eligible: number, unit: number): number;
}

/** Whatever arrives, at least half of the events stay with those who were there before. */
const MAX_FOLLOW_UP_SHARE = 0.5;

/**
 * Stratified arrivals: events are cut into strata of 1 / share events, and arrival s happens at a random event of
 * stratum s. Which events are arrivals, and which arrivals lie before an event, can thus be told for any event alone.
 * @param draw keeps kinds of arrivals apart
 */
export function createArrivals(
  { share, followUps, referAfter }: ArrivalOptions,
  chance: Chance,
  draw: number,
): Arrivals {
  if (share === 0) return NONE;
  const stratumStart = (stratum: number) => Math.ceil(stratum / share);
  const stratumOf = (n: number): number => {
    let stratum = Math.floor(n * share);
    while (stratumStart(stratum) > n) stratum -= 1;
    while (stratumStart(stratum + 1) <= n) stratum += 1;
    return stratum;
  };
  const eventOf = (stratum: number): number => {
    const start = stratumStart(stratum);
    return start + Math.floor(chance.unit(stratum, draw) * (stratumStart(stratum + 1) - start));
  };
  // neighbours share a stratum: most events are answered from here
  let start = 0;
  let end = 0;
  let stratum = -1;
  let event = -1;
  const moveTo = (n: number): void => {
    stratum = stratumOf(n);
    start = stratumStart(stratum);
    end = stratumStart(stratum + 1);
    event = eventOf(stratum);
  };
  return {
    followUpShare: Math.min(MAX_FOLLOW_UP_SHARE, share * followUps),
    arrivingAt(n) {
      if (n < start || n >= end) moveTo(n);
      return n === event ? stratum : -1;
    },
    eligibleAt(n) {
      const settled = n - referAfter;
      if (settled <= 0) return 0;
      const last = stratumOf(settled);
      return eventOf(last) < settled ? last + 1 : last;
    },
    pickFresh,
  };
}

const NONE: Arrivals = { followUpShare: 0, arrivingAt: () => -1, eligibleAt: () => 0, pickFresh };

/** A power law over the age, newest first: P(age below x of the oldest) = x^0.2. */
function pickFresh(eligible: number, unit: number): number {
  const squared = unit * unit;
  return eligible - 1 - Math.floor(eligible * squared * squared * unit);
}
