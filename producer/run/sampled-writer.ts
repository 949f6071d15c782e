import type { LogWriter, WriterCounts } from '../../kafka/log-writer.ts';

/**
 * Two clients as one: a sample of users goes through the one that gets a report per record, everybody else through the one
 * that hears of failures only and notes no time for each. All records of a user take the same way, so that their order holds.
 * @param isSampled by key
 */
export function createSampledWriter(
  plain: LogWriter,
  reported: LogWriter,
  isSampled: (key: Buffer) => boolean,
): LogWriter {
  const both = [plain, reported] as const;
  const sum = (counts: readonly WriterCounts[]): WriterCounts => ({
    enqueued: counts.reduce((total, { enqueued }) => total + enqueued, 0),
    acked: counts.reduce((total, { acked }) => total + acked, 0),
    failed: counts.reduce((total, { failed }) => total + failed, 0),
  });
  return {
    tryWrite: (key, value, tag, placement) =>
      (key !== null && isSampled(key) ? reported : plain).tryWrite(key, value, tag, placement),
    async room() {
      await Promise.all(both.map((writer) => writer.room()));
    },
    flush: async (deadlineMs) => sum(await Promise.all(both.map((writer) => writer.flush(deadlineMs)))),
    counts: () => sum(both.map((writer) => writer.counts())),
    close: async (deadlineMs) => sum(await Promise.all(both.map((writer) => writer.close(deadlineMs)))),
  };
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** About one key in `oneIn`, always the same ones. FNV-1a: keys are short and need no better hash. */
export function sampleOfKeys(oneIn: number): (key: Buffer) => boolean {
  return (key) => {
    let hash = FNV_OFFSET;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key[i]!, FNV_PRIME);
    return ((hash ^ (hash >>> 15)) >>> 0) % oneIn === 0;
  };
}
