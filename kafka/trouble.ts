import { createBackoff } from '../core/backoff.ts';

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;

/** Failures in a row of one leader, or of one partition. */
export interface Trouble {
  /** how often in a row it was the same one */
  readonly times: number;
  /** one more; ms to wait before the next try */
  add(kind: string): number;
  /** it works; true when it did not before */
  clear(): boolean;
}

export function createTrouble(): Trouble {
  const backoff = createBackoff({ minMs: RETRY_MIN_MS, maxMs: RETRY_MAX_MS });
  let latest: string | null = null;
  let times = 0;
  return {
    get times() {
      return times;
    },
    add(kind) {
      times = kind === latest ? times + 1 : 1;
      latest = kind;
      return backoff.nextMs();
    },
    clear() {
      const was = latest !== null;
      latest = null;
      times = 0;
      backoff.reset();
      return was;
    },
  };
}

/** One for each leader that is asked for. */
export function createTroubles(): (leader: number) => Trouble {
  const troubles = new Map<number, Trouble>();
  return (leader) => {
    const trouble = troubles.get(leader) ?? createTrouble();
    troubles.set(leader, trouble);
    return trouble;
  };
}
