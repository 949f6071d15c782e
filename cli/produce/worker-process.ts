import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { ExitCode } from '../../runtime/exit-codes.ts';
import { createLogger } from '../../runtime/logger.ts';
import type { Settings } from '../../runtime/settings.ts';
import { type LaneRun, openLaneRun } from './lane-run.ts';
import { type ParentMessage, sendable, type WorkerMessage } from './worker-messages.ts';

type Open = Extract<ParentMessage, { kind: 'open' }>;

/** A worker of `produce --workers`: does what its parent says and ends with it. */
export async function runWorker(settings: Settings): Promise<ExitCode> {
  const send = process.send?.bind(process);
  if (!send) throw new ReelstreamError('usage', 'produce-worker is started by produce --workers');
  const tell = (message: WorkerMessage) => void send(message);
  // signals go to the whole group: the parent decides when to stop
  process.on('SIGINT', () => {}).on('SIGTERM', () => {});
  const orders = takeOrders(tell);
  try {
    const open = await orders.open;
    const lane = await openOwnLane(open, settings, orders, tell);
    tell({ kind: 'ready' });
    const startTsMs = await orders.begin;
    if (startTsMs === null) {
      await lane.abandon();
      return 1;
    }
    const report = lane.run(startTsMs);
    orders.onScale((atMs, factor) => lane.scale(atMs, factor));
    tell({ kind: 'done', report: sendable(await report) });
    return 0;
  } catch (thrown) {
    const { code, message } = toReelstreamError(thrown);
    tell({ kind: 'failed', error: { code, message } });
    return 1;
  } finally {
    if (process.connected) process.disconnect();
  }
}

/** What the parent says, as it is waited for. */
interface Orders {
  readonly open: Promise<Open>;
  /** when to start; null: it will not come to that */
  readonly begin: Promise<number | null>;
  readonly stop: AbortSignal;
  readonly resolvedBelow: () => number;
  onScale(scale: (atMs: number, factor: number) => void): void;
}

function takeOrders(tell: (message: WorkerMessage) => void): Orders {
  const stopping = new AbortController();
  let resolvedBelow = 0;
  let scale: ((atMs: number, factor: number) => void) | null = null;
  let onOpen: (open: Open) => void = () => {};
  let onBegin: (startTsMs: number | null) => void = () => {};
  const open = new Promise<Open>((resolve) => {
    onOpen = resolve;
  });
  const begin = new Promise<number | null>((resolve) => {
    onBegin = resolve;
  });
  const stop = () => {
    stopping.abort();
    onBegin(null);
  };
  process.on('disconnect', stop);
  process.on('message', (message: ParentMessage) => {
    switch (message.kind) {
      case 'open':
        resolvedBelow = message.plan.first;
        return onOpen(message);
      case 'begin':
        return onBegin(message.startTsMs);
      case 'scale':
        return scale?.(message.atMs, message.factor);
      case 'resolved':
        resolvedBelow = Math.max(resolvedBelow, message.below);
        return;
      case 'stop':
        return stop();
    }
  });
  tell({ kind: 'up' });
  return {
    open,
    begin,
    stop: stopping.signal,
    resolvedBelow: () => resolvedBelow,
    onScale(listener) {
      scale = listener;
    },
  };
}

function openOwnLane(
  { plan, destination, worker, workers }: Open,
  settings: Settings,
  { stop, resolvedBelow }: Orders,
  tell: (message: WorkerMessage) => void,
): Promise<LaneRun> {
  const logger = createLogger({
    level: settings.REELSTREAM_LOG_LEVEL,
    service: `producer-${worker}`,
    descriptor: 2,
  });
  return openLaneRun(plan, destination, { first: plan.first, worker, workers }, settings, {
    logger,
    signal: stop,
    resolvedBelow,
    onProgress: (progress) => tell({ kind: 'progress', progress }),
  });
}
