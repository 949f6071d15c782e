import { systemClock } from '../core/clock.ts';
import { createMix, KINDS, type Kind } from './api-mix.ts';
import type { BenchTools } from './bench-stack.ts';
import { createLatencyMeter, type Latency, runOpenLoop } from './open-loop.ts';
import { SAMPLE_USERS, withServedSample } from './served-sample.ts';

export interface ApiBench {
  readonly requests: number;
  readonly perSecond: number;
  readonly all: Latency;
  readonly byKind: readonly (Latency & { readonly kind: Kind })[];
  /** answers by status */
  readonly statuses: Readonly<Record<string, number>>;
  /** 5xx, broken connections, no answer in time */
  readonly failed: number;
  /** milliseconds of the recommender's CPU per request, its learning and replay included */
  readonly cpuMsPerRequest: number;
}

const PER_SECOND = 500;
/** A process that has just started compiles what it runs often; nobody serves from one for long. */
const WARM_UP_REQUESTS = 5_000;

/** Mixed requests at a constant rate, open loop: what is due is sent, whatever has not been answered yet. */
export function benchApi(requests: number, tools: BenchTools): Promise<ApiBench> {
  return withServedSample(tools, async ({ client, movieIds, stack }) => {
    const mix = createMix(SAMPLE_USERS, movieIds);
    let meters = createMeters();
    const send = async (n: number, dueAtMs: number) => {
      const call = mix.call(n);
      const answer = await client.send(call).catch(() => null);
      meters.add(call.kind, systemClock.monotonicMs() - dueAtMs, answer?.status ?? 0);
      if (answer?.etag && call.method === 'GET') mix.sawTag(call.path, answer.etag);
    };
    tools.say(`warm-up: ${WARM_UP_REQUESTS} requests`);
    await runOpenLoop(WARM_UP_REQUESTS, PER_SECOND, systemClock, send);
    meters = createMeters();
    tools.say(`${requests} requests, ${PER_SECOND} per second`);
    const before = stack.cpuSeconds('recommender');
    await runOpenLoop(requests, PER_SECOND, systemClock, (n, due) => send(WARM_UP_REQUESTS + n, due));
    const cpuSeconds = stack.cpuSeconds('recommender') - before;
    return {
      requests,
      perSecond: PER_SECOND,
      ...meters.read(),
      cpuMsPerRequest: (cpuSeconds * 1e3) / requests,
    };
  });
}

function createMeters() {
  const all = createLatencyMeter();
  const kinds = new Map(KINDS.map((kind) => [kind, createLatencyMeter()]));
  const statuses: Record<string, number> = {};
  let failed = 0;
  return {
    add(kind: Kind, ms: number, status: number): void {
      all.add(ms);
      kinds.get(kind)!.add(ms);
      const name = status === 0 ? 'no answer' : String(status);
      statuses[name] = (statuses[name] ?? 0) + 1;
      if (status === 0 || status >= 500) failed += 1;
    },
    read: () => ({
      all: all.read(),
      byKind: KINDS.map((kind) => ({ kind, ...kinds.get(kind)!.read() })),
      statuses,
      failed,
    }),
  };
}
