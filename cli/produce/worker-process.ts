import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { ExitCode } from '../../runtime/exit-codes.ts';
import { createLogger } from '../../runtime/logger.ts';
import type { Settings } from '../../runtime/settings.ts';
import { type LaneRun, openLaneRun } from './lane-run.ts';
import { type ParentMessage, sendable, type WorkerMessage } from './worker-messages.ts';

type Begin = Extract<ParentMessage, { kind: 'begin' }>;

/** A worker of `produce --workers`: does what its parent says and ends with it. */
export async function runWorker(settings: Settings): Promise<ExitCode> {
  const send = process.send?.bind(process);
  if (!send) throw new ReelstreamError('usage', 'produce-worker is started by produce --workers');
  const tell = (message: WorkerMessage) => void send(message);
  const stopping = new AbortController();
  // signals go to the whole group: the parent decides when to stop
  process.on('SIGINT', () => {}).on('SIGTERM', () => {});
  process.on('disconnect', () => stopping.abort());
  let resolvedBelow = 0;
  let lane: LaneRun | null = null;

  const begin = await new Promise<Begin>((resolve) => {
    process.on('message', (message: ParentMessage) => {
      if (message.kind === 'begin') {
        resolvedBelow = Math.max(resolvedBelow, message.plan.first);
        resolve(message);
      } else if (message.kind === 'scale') lane?.scale(message.atMs, message.factor);
      else if (message.kind === 'resolved') resolvedBelow = Math.max(resolvedBelow, message.below);
      else stopping.abort();
    });
    tell({ kind: 'ready' });
  });
  const { plan, destination, worker, workers, startTsMs } = begin;
  const logger = createLogger({
    level: settings.REELSTREAM_LOG_LEVEL,
    service: `producer-${worker}`,
    descriptor: 2,
  });
  try {
    lane = await openLaneRun(plan, destination, { first: plan.first, worker, workers }, settings, startTsMs, {
      logger,
      signal: stopping.signal,
      resolvedBelow: () => resolvedBelow,
      onProgress: (progress) => tell({ kind: 'progress', progress }),
    });
    tell({ kind: 'done', report: sendable(await lane.run()) });
    return 0;
  } catch (thrown) {
    const { code, message } = toReelstreamError(thrown);
    tell({ kind: 'failed', error: { code, message } });
    return 1;
  } finally {
    if (process.connected) process.disconnect();
  }
}
