import { ReelstreamError } from '../core/errors.ts';
import {
  dropIdentity,
  freePlace,
  type PartitionQueue,
  type PendingBatch,
  putBack,
  splitBatch,
} from './partition-queue.ts';
import { meaningOfAnswer } from './produce-error.ts';
import type { ProduceAnswer } from './produce-request.ts';

/** What became of a batch: settled for good, back in its queue at once or after a pause, or the end of everything. */
export type BatchFate =
  | { readonly kind: 'acknowledged' | 'split' }
  | { readonly kind: 'given_up'; readonly error: Error }
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'dead'; readonly error: ReelstreamError };

/** Takes a broker's answer for the batch that is under way, and puts the queue into the state that follows from it. */
export function takeAnswer(
  topic: string,
  queue: PartitionQueue,
  batch: PendingBatch,
  errorCode: ProduceAnswer['errorCode'],
): BatchFate {
  const { count } = batch.builder;
  const { name, meaning } = meaningOfAnswer(errorCode, { records: count, isUncertain: batch.isUncertain });
  const where = `${topic}[${queue.partition}]`;
  switch (meaning) {
    case 'taken':
      queue.underWay = null;
      queue.trouble.clear();
      return { kind: 'acknowledged' };
    case 'split':
      queue.underWay = null;
      freePlace(queue, batch);
      queue.full.unshift(...splitBatch(batch));
      return { kind: 'split' };
    case 'refused':
      queue.underWay = null;
      freePlace(queue, batch);
      return { kind: 'given_up', error: new Error(`${where}: the broker refuses ${count} records: ${name}`) };
    case 'anew':
      freePlace(queue, batch);
      dropIdentity(queue);
      putBack(queue, batch);
      return { kind: 'later', reason: name };
    case 'again':
      sendLater(queue, batch);
      return { kind: 'later', reason: name };
    case 'fatal': {
      const message = `${where}: the broker answers ${name}: order can no longer be kept`;
      return { kind: 'dead', error: new ReelstreamError('kafka', message) };
    }
  }
}

/** The broker may have it, or not. */
export function sendLater(queue: PartitionQueue, batch: PendingBatch): void {
  if (batch.isSettled) return;
  batch.isUncertain = true;
  putBack(queue, batch);
}
