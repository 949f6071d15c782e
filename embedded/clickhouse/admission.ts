import type { Clock } from '../../core/clock.ts';
import { ServerException } from './server-exception.ts';

export type Lane = 'read' | 'write' | 'kill';

export interface AdmissionOptions {
  readonly maxConcurrent: number;
  /** how long a statement may wait for a place */
  readonly maxWaitMs: number;
  readonly clock: Clock;
}

export interface Admission {
  readonly running: number;
  readonly waiting: number;
  /**
   * Resolves with what gives the place back.
   * @throws ServerException 202 when no place became free in time, or too many wait already
   */
  enter(lane: Lane): Promise<() => void>;
  /** @throws ServerException 202 when too many wait already: asked before a body is read in vain */
  requireRoom(): void;
}

interface Waiter {
  readonly lane: Lane;
  readonly admit: () => void;
}

/** KILL must get through when everything is full: it is what frees a place. */
const KILL_PLACES = 2;
/** a page of panels asks for its thirty answers at once; hundreds that wait are a flood */
const MAX_WAITING = 200;

/**
 * Places for statements. Each takes a thread of the pool while it works, and without a free thread even file reads stop;
 * so there are fewer places than threads. A part is kept for writes: readers cannot starve the pipeline.
 */
export function createAdmission({ maxConcurrent, maxWaitMs, clock }: AdmissionOptions): Admission {
  const limits: Record<Lane, number> = {
    read: Math.max(1, maxConcurrent - Math.floor(maxConcurrent / 4)),
    write: maxConcurrent,
    kill: maxConcurrent + KILL_PLACES,
  };
  const taken: Record<Lane, number> = { read: 0, write: 0, kill: 0 };
  const waiters = new Set<Waiter>();
  const total = () => taken.read + taken.write + taken.kill;
  const isFree = (lane: Lane) => total() < limits[lane];
  const place = (lane: Lane) => {
    taken[lane] += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      taken[lane] -= 1;
      for (const waiter of waiters) if (isFree(waiter.lane)) waiter.admit();
    };
  };
  const requireRoom = () => {
    if (waiters.size >= MAX_WAITING) throw refusal(maxConcurrent);
  };
  return {
    get running() {
      return total();
    },
    get waiting() {
      return waiters.size;
    },
    requireRoom,
    async enter(lane) {
      if (isFree(lane)) return place(lane);
      requireRoom();
      const late = new AbortController();
      const admitted = await new Promise<(() => void) | null>((resolve) => {
        const waiter: Waiter = {
          lane,
          admit() {
            waiters.delete(waiter);
            resolve(place(lane));
            late.abort();
          },
        };
        waiters.add(waiter);
        void clock.sleep(maxWaitMs, late.signal).then(() => {
          if (waiters.delete(waiter)) resolve(null);
        });
      });
      if (!admitted) throw refusal(limits[lane]);
      return admitted;
    },
  };
}

function refusal(limit: number): ServerException {
  const message = `Too many simultaneous queries. Maximum: ${limit}. Try again later`;
  return new ServerException(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', message);
}

/** Threads that the process needs for this many statements at once: file reads, KILL and body writes come on top. */
export function threadsNeeded(maxConcurrent: number): number {
  return maxConcurrent + KILL_PLACES + 6;
}
