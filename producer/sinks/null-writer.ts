import type { LogWriter } from '../../kafka/log-writer.ts';

/** Takes everything and keeps nothing: what the generator itself can do. */
export function createNullWriter(onTaken: (tag: number) => void): LogWriter {
  let enqueued = 0;
  const counts = () => ({ enqueued, acked: enqueued, failed: 0 });
  let untold: number[] = [];
  const tell = () => {
    const tags = untold;
    untold = [];
    for (const tag of tags) onTaken(tag);
  };
  return {
    error: null,
    tryWrite(_key, _value, tag = 0) {
      enqueued += 1;
      // an answer never comes before the call it answers has returned
      if (untold.push(tag) === 1) queueMicrotask(tell);
      return true;
    },
    room: async () => {},
    flush: async () => {
      tell();
      return counts();
    },
    counts,
    close: async () => counts(),
  };
}
