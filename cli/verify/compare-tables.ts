import type { ClickHouse } from '../../clickhouse/connection.ts';
import {
  rawPositions,
  readRawVerdicts,
  type SlotRange,
  sealedRanges,
  slotRangesOf,
} from '../../clickhouse/raw-verdicts.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { DEAD_LETTER_HEADERS } from '../../kafka/dead-letter-record.ts';
import type { LedgerLog } from '../../producer/ledger/ledger.ts';
import type { LogImage, OutcomeCounts } from '../../producer/verify/log-image.ts';
import { scanTopic } from '../../producer/verify/scan-topic.ts';
import { boundsIfThere, planLetters } from './plan-letters.ts';
import type { ReadLog } from './read-log.ts';
import type { LogPlan, VerifyDeps } from './verification.ts';

const POLL_INTERVAL_MS = 250;

/**
 * Holds events_raw and the dead-letter topic against what was read from the log, once the sink has got to its end.
 * @throws ReelstreamError `timeout` when it does not get there in time, `bad_data` when retention has dropped rows of the
 * run, as the drivers when ClickHouse or Kafka is away
 */
export async function compareTables(
  deps: VerifyDeps,
  clickhouse: ClickHouse,
  log: LedgerLog,
  plan: LogPlan,
  { image, lastOffsets }: ReadLog,
): Promise<OutcomeCounts[]> {
  const ranges = await untilSinkIsThrough(deps, clickhouse, log, plan, lastOffsets);
  const sealed = await sealedRanges(clickhouse, ranges);
  if (sealed[0]) {
    throw new ReelstreamError(
      'bad_data',
      `retention has dropped rows of ${log.topic}[${sealed[0].partition}] from events_raw: --no-clickhouse checks the log alone`,
    );
  }
  for (const range of ranges) await compareRows(deps, clickhouse, log.topic, range, image);
  await compareLetters(deps, log, image);
  return image.finish();
}

async function untilSinkIsThrough(
  { clock, waitMs, onProgress }: VerifyDeps,
  clickhouse: ClickHouse,
  log: LedgerLog,
  plan: LogPlan,
  lastOffsets: ReadonlyMap<number, number>,
): Promise<SlotRange[]> {
  const deadlineMs = clock.monotonicMs() + waitMs;
  for (;;) {
    const ranges = await slotRangesOf(clickhouse, log, plan);
    const positions = await rawPositions(clickhouse, ranges);
    const behind = [...lastOffsets].find(([partition, last]) => (positions.get(partition) ?? -1) < last);
    if (behind === undefined) return ranges;
    const [partition, last] = behind;
    const where = `${positions.get(partition) ?? 'nothing'} of ${last} in ${log.topic}[${partition}]`;
    if (clock.monotonicMs() >= deadlineMs) {
      throw new ReelstreamError(
        'timeout',
        `the sink is not through after ${waitMs / 1_000} s (${where}): is it running? --wait gives it longer`,
      );
    }
    onProgress(`waiting for the sink: ${where}`);
    await clock.sleep(POLL_INTERVAL_MS);
  }
}

async function compareRows(
  { onProgress }: VerifyDeps,
  clickhouse: ClickHouse,
  topic: string,
  range: SlotRange,
  image: LogImage,
): Promise<void> {
  const { partition, from, to } = range;
  let rows = 0;
  await readRawVerdicts(clickhouse, range, ({ offset, verdict, reason, hashLow }) => {
    image.row(partition, offset, verdict === 'ok' || reason === 'none' ? 'ok' : reason, hashLow);
    rows += 1;
    if (rows % 100_000 === 0)
      onProgress(`events_raw: ${rows} of ${to - from} rows of ${topic}[${partition}]`);
  });
}

/** Letters may be there more than once, and about other runs; their coordinates count. */
async function compareLetters(deps: VerifyDeps, log: LedgerLog, image: LogImage): Promise<void> {
  const { topic } = log;
  const { admin, connection, clock, deadLetterTopic, onProgress } = deps;
  const bounds = await boundsIfThere(admin, deadLetterTopic);
  const ranges = planLetters(deadLetterTopic, bounds, log);
  let read = 0;
  await scanTopic({ connection, topic: deadLetterTopic, ranges, clock }, (_, records) => {
    for (const { headers } of records) {
      if (headers?.get(DEAD_LETTER_HEADERS.topic) !== topic) continue;
      const place = (name: string) => Number(headers.get(name) ?? Number.NaN);
      const reason = headers.get(DEAD_LETTER_HEADERS.reason) ?? 'no reason';
      image.letter(place(DEAD_LETTER_HEADERS.partition), place(DEAD_LETTER_HEADERS.offset), reason);
    }
    read += records.length;
    onProgress(`${deadLetterTopic}: ${read} dead letters read`);
  });
}
