import { ServerException } from './server-exception.ts';

export type Lane = 'read' | 'write' | 'kill';

export interface Admission {
  readonly running: number;
  /**
   * @returns gives the place back
   * @throws ServerException 202 when every place is taken
   */
  enter(lane: Lane): () => void;
}

/** KILL must get through when everything is full: it is what frees a place. */
const KILL_PLACES = 2;

/**
 * Places for statements. Each takes a thread of the pool while it works, and without a free thread even file reads stop;
 * so there are fewer places than threads. A part is kept for writes: readers cannot starve the pipeline.
 */
export function createAdmission(maxConcurrent: number): Admission {
  const limits: Record<Lane, number> = {
    read: Math.max(1, maxConcurrent - Math.floor(maxConcurrent / 4)),
    write: maxConcurrent,
    kill: maxConcurrent + KILL_PLACES,
  };
  const taken: Record<Lane, number> = { read: 0, write: 0, kill: 0 };
  const total = () => taken.read + taken.write + taken.kill;
  return {
    get running() {
      return total();
    },
    enter(lane) {
      const isFull = total() >= limits[lane] || (lane === 'read' && taken.read >= limits.read);
      if (isFull) {
        const message = `Too many simultaneous queries. Maximum: ${limits[lane]}. Try again later`;
        throw new ServerException(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', message);
      }
      taken[lane] += 1;
      let isHeld = true;
      return () => {
        if (isHeld) taken[lane] -= 1;
        isHeld = false;
      };
    },
  };
}

/** Threads that the process needs for this many statements at once: file reads, KILL and body writes come on top. */
export function threadsNeeded(maxConcurrent: number): number {
  return maxConcurrent + KILL_PLACES + 6;
}
