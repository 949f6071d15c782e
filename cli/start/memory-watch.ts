import type { Supervisor } from '../../embedded/supervisor/supervisor.ts';

export interface MemoryWatch {
  /** resident bytes of everything now, this process included */
  look(): number;
  peakBytes(): number;
  /** by process, at the moment of the peak */
  atPeak(): Readonly<Record<string, number>>;
}

export function createMemoryWatch(stack: Supervisor): MemoryWatch {
  let peakBytes = 0;
  let atPeak: Record<string, number> = {};
  return {
    look() {
      const byProcess = {
        ...Object.fromEntries(stack.residentBytes()),
        supervisor: process.memoryUsage().rss,
      };
      const sum = Object.values(byProcess).reduce((total, bytes) => total + bytes, 0);
      if (sum > peakBytes) {
        peakBytes = sum;
        atPeak = byProcess;
      }
      return sum;
    },
    peakBytes: () => peakBytes,
    atPeak: () => atPeak,
  };
}
