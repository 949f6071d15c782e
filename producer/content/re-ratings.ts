import type { Chance } from '../../core/chance.ts';
import type { ContentModel } from './content-model.ts';
import { DRAWS } from './streams.ts';

export interface ReRatings {
  /** the event whose user and film event n is about: itself, or an earlier one that it rates again */
  subjectOf(n: number): number;
}

/**
 * A re-rating points back at an event that is acknowledged by then; where that one points back too, the trail is followed
 * to the event that chose user and film.
 * @param isArrival somebody's first event, which must stay about whoever arrives
 */
export function createReRatings(
  {
    reRatingShare,
    reRatingWindow,
    referAfter,
  }: Pick<ContentModel, 'reRatingShare' | 'reRatingWindow' | 'referAfter'>,
  chance: Chance,
  isArrival: (n: number) => boolean,
): ReRatings {
  const pointsBack = (n: number) =>
    n > referAfter && chance.unit(n, DRAWS.kind) < reRatingShare && !isArrival(n);
  return {
    subjectOf(n) {
      let subject = n;
      while (pointsBack(subject)) {
        const settled = subject - referAfter;
        subject = settled - 1 - chance.below(subject, Math.min(reRatingWindow, settled), DRAWS.reRated);
      }
      return subject;
    },
  };
}
