import { ReelstreamError } from '../core/errors.ts';
import type { PartitionAnswer } from './fetch-response.ts';
import { isMoving, ProtocolError } from './protocol-errors.ts';

/** What a broker's error means for one partition: it cannot be read, nothing can, or it is worth asking again. */
export type ErrorMeaning =
  | { readonly kind: 'halted' | 'fatal'; readonly error: ReelstreamError }
  | { readonly kind: 'passing'; readonly isTopicGone: boolean };

/** With the growing pauses between them half a minute: what passes by itself has passed by then. */
const UNREADABLE_AFTER_TIMES = 20;

/**
 * @param type the protocol's name of the error
 * @param position offset that was asked for
 * @param times how often in a row the broker has answered this
 */
export function meaningOf(
  type: string,
  topic: string,
  position: number,
  { partition, logStartOffset, highWatermark }: PartitionAnswer,
  times: number,
): ErrorMeaning {
  const where = `${topic}[${partition}]`;
  const details = { topic, partition, position };
  if (type === 'OFFSET_OUT_OF_RANGE') {
    const message = `${where}: offset ${position} is not in the log, which starts at ${logStartOffset} and ends at ${highWatermark}`;
    return { kind: 'halted', error: new ReelstreamError('halted', message, { details }) };
  }
  if (type === 'TOPIC_AUTHORIZATION_FAILED') {
    return { kind: 'fatal', error: new ReelstreamError('kafka', `${where}: no right to read`) };
  }
  const isTopicGone = type === 'UNKNOWN_TOPIC_OR_PARTITION';
  // a new leader, or a new topic under the old name, may be an hour away and is then simply there
  const passes = isTopicGone || isMoving(new ProtocolError(type));
  if (passes || times < UNREADABLE_AFTER_TIMES) return { kind: 'passing', isTopicGone };
  const message =
    `${where}: the broker has answered ${type} ${times} times in a row at offset ${position}: ` +
    'repair the partition there, then start this process anew';
  return { kind: 'halted', error: new ReelstreamError('kafka', message, { details }) };
}
