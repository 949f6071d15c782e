import { systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { createMix, READS } from './api-mix.ts';
import type { BenchTools } from './bench-stack.ts';
import type { HttpClient } from './http-client.ts';
import { createLatencyMeter, type Latency, runOpenLoop } from './open-loop.ts';
import { SAMPLE_USERS, type ServedSample, withServedSample } from './served-sample.ts';

/** Reads of one stretch of time. */
export interface Stretch {
  /** of those that were answered with what was asked for */
  readonly latency: Latency;
  /** answers by status, and what stood in the way of one */
  readonly statuses: Readonly<Record<string, number>>;
}

export interface CatchUpBench {
  /** events that waited in Kafka when the process started */
  readonly backlog: number;
  readonly readsPerSecond: number;
  /** the process lives until the first read was answered with what was asked for, seconds */
  readonly firstReadSeconds: number;
  /** the process lives until it is ready, seconds */
  readonly readySeconds: number;
  readonly learnedPerSecond: number;
  readonly during: Stretch;
  readonly after: Stretch;
}

const READS_PER_SECOND = 100;
const READS_AFTER = 3_000;
const POLL_MS = 100;
const READY_DEADLINE_MS = 900_000;
const MAX_READS = (READS_PER_SECOND * READY_DEADLINE_MS) / 1_000;
const OK = '200';

/** Restarts a recommender behind its log, with readers at a constant rate from the moment that it lives. */
export function benchCatchUp(backlog: number, tools: BenchTools): Promise<CatchUpBench> {
  return withServedSample(tools, async (served) => {
    const { client, movieIds } = served;
    const mix = createMix(SAMPLE_USERS, movieIds, READS);
    const [during, after] = [createStretch(), createStretch()];
    tools.say(`${backlog} events while nobody learns`);
    await served.restartBehind(backlog);
    const startMs = systemClock.monotonicMs();
    const catchingUp = watchUntilReady(served);
    let firstReadMs: number | null = null;
    const send = async (n: number, dueAtMs: number) => {
      const stretch = catchingUp.isOver() ? after : during;
      const answer = await client.send(mix.call(n)).catch((error: Error) => error);
      const nowMs = systemClock.monotonicMs();
      const status = answer instanceof Error ? answer.message : String(answer.status);
      stretch.add(nowMs - dueAtMs, status);
      if (status === OK) firstReadMs ??= nowMs;
    };
    tools.say(`${READS_PER_SECOND} reads per second until it has caught up, then ${READS_AFTER} more`);
    await runOpenLoop(MAX_READS, READS_PER_SECOND, systemClock, send, catchingUp.isOver);
    const { learned, readyAtMs } = await catchingUp.done;
    await runOpenLoop(READS_AFTER, READS_PER_SECOND, systemClock, send);
    const readySeconds = (readyAtMs - startMs) / 1_000;
    return {
      backlog,
      readsPerSecond: READS_PER_SECOND,
      firstReadSeconds: ((firstReadMs ?? readyAtMs) - startMs) / 1_000,
      readySeconds,
      learnedPerSecond: learned / readySeconds,
      during: during.read(),
      after: after.read(),
    };
  });
}

function watchUntilReady({ client, status }: ServedSample) {
  let isOver = false;
  const watch = async () => {
    const deadlineMs = systemClock.monotonicMs() + READY_DEADLINE_MS;
    while (!(await isReady(client))) {
      if (systemClock.monotonicMs() > deadlineMs) {
        throw new ReelstreamError('timeout', `not caught up within ${READY_DEADLINE_MS / 1_000} s`);
      }
      await systemClock.sleep(POLL_MS);
    }
    const readyAtMs = systemClock.monotonicMs();
    isOver = true;
    return { readyAtMs, learned: (await status()).counts.consumed };
  };
  const done = watch();
  // looked at when the reads are over
  done.catch(() => {
    isOver = true;
  });
  return { done, isOver: () => isOver };
}

async function isReady(client: HttpClient): Promise<boolean> {
  const answer = await client.send({ method: 'GET', path: '/readyz' }).catch(() => null);
  return answer?.status === 200;
}

function createStretch() {
  const meter = createLatencyMeter();
  const statuses: Record<string, number> = {};
  return {
    add(ms: number, status: string): void {
      if (status === OK) meter.add(ms);
      statuses[status] = (statuses[status] ?? 0) + 1;
    },
    read: (): Stretch => ({ latency: meter.read(), statuses }),
  };
}
