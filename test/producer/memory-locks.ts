import { ReelstreamError } from '../../core/errors.ts';
import type { TakeLock } from '../../producer/state-file.ts';

/** Locks without files: held by path. */
export interface MemoryLocks {
  readonly take: TakeLock;
  readonly held: ReadonlySet<string>;
}

export function createMemoryLocks(): MemoryLocks {
  const held = new Set<string>();
  return {
    held,
    async take(path) {
      if (held.has(path)) throw new ReelstreamError('usage', `another producer holds ${path}`);
      held.add(path);
      return async () => void held.delete(path);
    },
  };
}
