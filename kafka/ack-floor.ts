/** Clocks further apart than this are different clocks. */
const SAME_CLOCK_WITHIN_US = 60_000_000;
/** Statistics may be handled late when the process is busy; older samples than this are of no use any more. */
const MAX_SAMPLES = 200;

interface Sample {
  readonly atUs: number;
  readonly enqueued: number;
}

/**
 * How many records are acknowledged for certain, from statistics instead of a report per record (a report costs four
 * times as much as sending). The client says how many records it still held at one moment; what was enqueued before that
 * moment and was neither held then nor failed since must have been acknowledged. So the answer may trail, never lead.
 */
export interface AckFloor {
  /** takes down how many records were enqueued until now; to be called every few dozen milliseconds */
  sample(nowUs: number, enqueued: number): void;
  /**
   * @param takenAtUs when the client counted; ignored when it is not of the same clock as the samples
   * @param held records the client held then
   * @param failed records reported as failed until now
   */
  observe(takenAtUs: number, held: number, failed: number): void;
  /** an exact count, known after a barrier */
  set(acked: number): void;
  readonly acked: number;
}

export function createAckFloor(): AckFloor {
  let acked = 0;
  let samples: Sample[] = [];
  return {
    get acked() {
      return acked;
    },
    sample(nowUs, enqueued) {
      samples.push({ atUs: nowUs, enqueued });
      if (samples.length > MAX_SAMPLES) samples.shift();
    },
    observe(takenAtUs, held, failed) {
      const before = samples.filter(({ atUs }) => atUs <= takenAtUs);
      const newest = before.at(-1);
      if (!newest || takenAtUs - newest.atUs > SAME_CLOCK_WITHIN_US) return;
      acked = Math.max(acked, newest.enqueued - held - failed);
      samples = samples.slice(before.length - 1);
    },
    set(exact) {
      acked = exact;
    },
  };
}
