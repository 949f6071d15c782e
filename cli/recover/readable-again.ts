import type { ClickHouse } from '../../clickhouse/connection.ts';
import { newestStream, readStreams } from '../../clickhouse/slots.ts';
import type { LogProbe } from '../../consumers/log-probe.ts';
import { ReelstreamError } from '../../core/errors.ts';

/**
 * A rewind deletes rows that only Kafka can give back: it must still have them, and somebody must read them.
 * @throws ReelstreamError `usage` when it does not
 */
export async function requireReadableAgain(
  clickhouse: ClickHouse,
  probe: LogProbe,
  { slot, offset }: { readonly slot: number; readonly offset: number },
): Promise<void> {
  const streams = await readStreams(clickhouse);
  const stream = streams.find((one) => one.slot === slot);
  if (!stream || !newestStream(streams, stream.clusterId, stream.topic).includes(stream)) {
    throw refused(`slot ${slot} belongs to a stream that was replaced: nobody would read its log again`);
  }
  const { clusterId, topic, partition } = stream;
  const here = await probe.clusterId();
  if (here !== clusterId) throw refused(`slot ${slot} is from cluster ${clusterId}, and this is ${here}`);
  const log = (await probe.bounds(topic)).get(partition);
  if (!log) throw refused(`${topic} has no partition ${partition}`);
  if (log.start <= offset) return;
  throw refused(
    `${topic}[${partition}] begins at offset ${log.start}: what lies between ${offset} and it would be lost for good`,
  );
}

function refused(why: string): ReelstreamError {
  return new ReelstreamError('usage', `${why}; nothing was changed (--force cuts all the same)`);
}
