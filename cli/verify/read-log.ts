import type { LogRecord } from '../../core/log-record.ts';
import { valueHash } from '../../core/value-hash.ts';
import type { RunClaims } from '../../producer/verify/claims.ts';
import type { Differences } from '../../producer/verify/differences.ts';
import { createLogImage, type LogImage } from '../../producer/verify/log-image.ts';
import { createMatcher, type LogCounts } from '../../producer/verify/match.ts';
import { scanTopic } from '../../producer/verify/scan-topic.ts';
import type { LogPlan, VerifyDeps } from './verification.ts';

export interface ReadLog {
  readonly counts: LogCounts;
  readonly image: LogImage;
  /** partition -> offset of the last record since the run's start; partitions without any are missing */
  readonly lastOffsets: ReadonlyMap<number, number>;
}

/** Reads the run's part of the topic once: matches every record with the ledger and notes what must become of it. */
export async function readLog(
  { connection, clock, onProgress }: VerifyDeps,
  claims: RunClaims,
  plan: LogPlan,
  differences: Differences,
): Promise<ReadLog> {
  const { topic } = claims.log;
  const matcher = createMatcher(claims, differences);
  const image = createLogImage(plan, differences);
  const lastOffsets = new Map<number, number>();
  const hash = { hi: 0, lo: 0 };
  let read = 0;
  const total = [...plan.values()].reduce((sum, { readFrom, to }) => sum + to - readFrom, 0);

  const take = (partition: number, record: LogRecord): void => {
    const expected = matcher.take(partition, record);
    valueHash(record.value, hash);
    image.record(partition, record.offset, expected, hash.lo);
  };
  const ranges = new Map(
    [...plan].map(([partition, { readFrom, to }]) => [partition, { from: readFrom, to }]),
  );
  await scanTopic({ connection, topic, ranges, clock }, (partition, records) => {
    const { from } = plan.get(partition)!;
    for (const record of records) {
      if (record.offset < from) matcher.before(partition, record);
      else take(partition, record);
    }
    const last = records.at(-1)?.offset ?? -1;
    if (last >= from) lastOffsets.set(partition, last);
    read += records.length;
    onProgress(`${topic}: ${read.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} records read`);
  });
  return { counts: matcher.finish(), image, lastOffsets };
}
