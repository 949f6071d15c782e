import { type Chance, createChance } from '../../core/chance.ts';
import { createArrivals } from './arrivals.ts';
import type { ArrivalModel, ContentModel, NewUserRange } from './content-model.ts';
import { ARRIVAL_DRAWS, DRAWS } from './streams.ts';
import { createPopulation } from './user-population.ts';

export interface UserPicker {
  /** user id of event n */
  pick(n: number): number;
  /** whether event n is a new user's first */
  isArrival(n: number): boolean;
}

const IDS = 2 ** 31;

export function createUserPicker(model: ContentModel, seed: number): UserPicker {
  const chance = createChance(seed, 'content');
  const population = createPopulation(model.users, model.activityExponent, createChance(seed, 'users'));
  const existing = (n: number) => population(chance.unit(n, DRAWS.user));
  const { newUsers } = model;
  return 'probability' in newUsers
    ? byRange(newUsers, existing, chance)
    : byArrival(newUsers, existing, chance, model.referAfter, seed);
}

function byRange(
  { firstId, lastId, probability, swapped }: NewUserRange,
  existing: (n: number) => number,
  chance: Chance,
): UserPicker {
  const size = lastId - firstId + 1;
  return {
    isArrival: () => false,
    pick(n) {
      const hit = chance.unit(n, DRAWS.newcomer) < probability;
      return hit === swapped ? existing(n) : firstId + chance.below(n, size, DRAWS.user);
    },
  };
}

function byArrival(
  { share, firstId, followUps }: ArrivalModel,
  existing: (n: number) => number,
  chance: Chance,
  referAfter: number,
  seed: number,
): UserPicker {
  if (share === 0) return { pick: existing, isArrival: () => false };
  const arrivals = createArrivals(
    { share, followUps, referAfter },
    createChance(seed, 'arrivals'),
    ARRIVAL_DRAWS.user,
  );
  // ids come again before they leave the domain
  const idOf = (arrival: number) => firstId + (arrival % (IDS - firstId));
  return {
    isArrival: (n) => arrivals.arrivingAt(n) >= 0,
    pick(n) {
      const arriving = arrivals.arrivingAt(n);
      if (arriving >= 0) return idOf(arriving);
      if (chance.unit(n, DRAWS.newcomer) >= arrivals.followUpShare) return existing(n);
      const eligible = arrivals.eligibleAt(n);
      if (eligible === 0) return existing(n);
      return idOf(arrivals.pickFresh(eligible, chance.unit(n, DRAWS.freshUser)));
    },
  };
}
