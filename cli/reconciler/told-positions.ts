import type { Settings } from '../../runtime/settings.ts';
import { groupOf } from '../recommender/open-recommender.ts';

/** A process that hangs is silent, and its lag must not be. */
const ANSWER_TIMEOUT_MS = 1_000;

interface Status {
  readonly partitions?: readonly { readonly partition: number; readonly position: number }[];
}

/**
 * How far the recommender has learned, as it says on its status page: what its group committed may be seconds older. Other
 * groups have only what they committed.
 */
export function createTold(settings: Settings): (group: string) => Promise<Map<number, number> | null> {
  const recommender = groupOf(settings);
  const url = new URL('/status', settings.REELSTREAM_RECOMMENDER_URL);
  return async (group) => {
    if (group !== recommender) return null;
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
      if (!answer.ok) return null;
      const { partitions = [] } = (await answer.json()) as Status;
      if (partitions.length === 0) return null;
      return new Map(partitions.map(({ partition, position }) => [partition, position]));
    } catch {
      // it is down, starting or hangs: its commits still tell
      return null;
    }
  };
}
