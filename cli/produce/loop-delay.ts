import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { DelayPoint } from '../../producer/measure/delay-point.ts';

const RESOLUTION_MS = 10;

export interface LoopDelayWatch {
  stop(): DelayPoint;
}

/** How late timers of this process fire, from now on. */
export function watchLoopDelay(): LoopDelayWatch {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  // a timer that fires in time counts as its own interval
  const lateness = (ns: number) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  return {
    stop() {
      histogram.disable();
      return {
        p50Ms: lateness(histogram.percentile(50)),
        p99Ms: lateness(histogram.percentile(99)),
        maxMs: lateness(histogram.max),
      };
    },
  };
}
