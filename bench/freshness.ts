import { createChance } from '../core/chance.ts';
import { systemClock } from '../core/clock.ts';
import type { BenchTools } from './bench-stack.ts';
import type { HttpClient } from './http-client.ts';
import { createLatencyMeter, type Latency } from './open-loop.ts';
import { SAMPLE_USERS, type ServedSample, withServedSample } from './served-sample.ts';

export interface FreshnessBench {
  readonly probes: number;
  /** events that the recommender took per second meanwhile */
  readonly loadPerSecond: number;
  /** PUT sent to acknowledged: in Kafka, and learned */
  readonly acknowledged: Latency;
  /** PUT sent to the first list that shows it */
  readonly changed: Latency;
  /** probes whose first list after the acknowledgement did not show it yet */
  readonly lateProbes: number;
  /** answered with anything but 200, or not at all; in no other figure */
  readonly failed: number;
}

const LOAD_PER_SECOND = 2_000;
const WARM_UP_PROBES = 100;
const PAUSE_MS = 50;
const MAX_LOOKS = 1_000;

interface RecommendationsAnswer {
  readonly recommendations: readonly { readonly movie_id: number }[];
}

/** A user rates the first film of the own list; how long until a list comes without it, with load from elsewhere beside. */
export function benchFreshness(probes: number, tools: BenchTools): Promise<FreshnessBench> {
  return withServedSample(tools, async (served) => {
    await served.startLoad(LOAD_PER_SECOND);
    const chance = createChance(1, 'bench.freshness');
    const userOf = (n: number) => 1 + chance.below(n, SAMPLE_USERS);
    tools.say(`warm-up: ${WARM_UP_PROBES} probes`);
    for (let n = 0; n < WARM_UP_PROBES; n++)
      await probe(served.client, userOf(n), chance.below(n, 11, 1) / 2).catch(() => null);
    tools.say(`${probes} probes beside ${LOAD_PER_SECOND} events per second`);
    return measure(served, probes, (n) =>
      probe(served.client, userOf(WARM_UP_PROBES + n), chance.below(n, 11, 1) / 2),
    );
  });
}

async function measure(
  { status }: ServedSample,
  probes: number,
  run: (n: number) => Promise<Probe>,
): Promise<FreshnessBench> {
  const acknowledged = createLatencyMeter();
  const changed = createLatencyMeter();
  let lateProbes = 0;
  let failed = 0;
  const before = await status();
  const startMs = systemClock.monotonicMs();
  for (let n = 0; n < probes; n++) {
    const found = await run(n).catch(() => null);
    if (found) {
      acknowledged.add(found.acknowledgedMs);
      changed.add(found.changedMs);
      if (found.looks > 1) lateProbes += 1;
    } else failed += 1;
    await systemClock.sleep(PAUSE_MS);
  }
  const elapsedMs = systemClock.monotonicMs() - startMs;
  const after = await status();
  return {
    probes,
    loadPerSecond: ((after.counts.consumed - before.counts.consumed) * 1_000) / elapsedMs,
    acknowledged: acknowledged.read(),
    changed: changed.read(),
    lateProbes,
    failed,
  };
}

interface Probe {
  readonly acknowledgedMs: number;
  readonly changedMs: number;
  readonly looks: number;
}

async function probe(client: HttpClient, userId: number, rating: number): Promise<Probe> {
  const user = `/api/v1/user/${userId}`;
  const list = async () => {
    const { status, text } = await client.send({ method: 'GET', path: `${user}/recommendations` });
    if (status !== 200) throw new Error(`the list was answered with ${status}: ${text}`);
    return (JSON.parse(text) as RecommendationsAnswer).recommendations.map((one) => one.movie_id);
  };
  const movieId = (await list())[0]!;
  const startMs = systemClock.monotonicMs();
  const body = { movie_id: movieId, rating };
  const { status, text } = await client.send({ method: 'PUT', path: `${user}/rating`, body });
  if (status !== 200) throw new Error(`the rating was answered with ${status}: ${text}`);
  const acknowledgedMs = systemClock.monotonicMs() - startMs;
  for (let looks = 1; looks <= MAX_LOOKS; looks++) {
    if (!(await list()).includes(movieId)) {
      return { acknowledgedMs, changedMs: systemClock.monotonicMs() - startMs, looks };
    }
  }
  throw new Error(`film ${movieId} stays in the list of user ${userId}`);
}
