import { join } from 'node:path';
import type { LearnerStatus } from '../consumers/learner/learner-status.ts';
import { systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { createOwnProcessSpec } from '../embedded/own-process.ts';
import type { ProcessSpec } from '../embedded/supervisor/process-spec.ts';
import { projectRoot } from '../runtime/environment.ts';
import type { Settings } from '../runtime/settings.ts';
import { type BenchStack, type BenchTools, withBenchStack } from './bench-stack.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';

/** A recommender that has learned the sample and answers its API. */
export interface ServedSample {
  readonly stack: BenchStack;
  readonly client: HttpClient;
  status(): Promise<LearnerStatus>;
  /** live load beside, until the bench ends */
  startLoad(eventsPerSecond: number): Promise<void>;
  /** writes so many events to Kafka while no recommender runs, then starts it: it lives when this resolves, and is behind */
  restartBehind(events: number): Promise<void>;
  /** films that were rated, most often first */
  readonly movieIds: readonly number[];
}

export const SAMPLE_RATINGS = 100_836;
export const SAMPLE_USERS = 610;
const HISTORY_PER_SECOND = 20_000;
const BACKLOG_PER_SECOND = 50_000;
/** It must still run when its end is waited for. */
const LEAST_BACKLOG_SECONDS = 3;
const LEARN_DEADLINE_MS = 180_000;
const POLL_MS = 200;
const STOP_DEADLINE_MS = 30_000;

/** Runs `work` over a stack of its own in which the sample has been replayed and learned. */
export function withServedSample<T>(
  tools: BenchTools,
  work: (served: ServedSample) => Promise<T>,
): Promise<T> {
  return withBenchStack(tools, async (stack) => {
    const { settings, supervisor } = stack;
    await prepare(tools, settings);
    await supervisor.start([recommenderSpec(settings)]);
    const client = createHttpClient(settings.REELSTREAM_RECOMMENDER_PORT);
    const status = async () =>
      JSON.parse((await client.send({ method: 'GET', path: '/status' })).text) as LearnerStatus;
    try {
      tools.say('replaying the sample');
      const history = ['--history', '--once', '--history-rate', String(HISTORY_PER_SECOND)];
      await supervisor.start([produceSpec('history', settings, history)]);
      await untilLearned(status);
      const top = await client.send({ method: 'GET', path: '/api/v1/movies/top?limit=1000' });
      const { top_movies: films } = JSON.parse(top.text) as { top_movies: { movie: { movie_id: number } }[] };
      return await work({
        stack,
        client,
        status,
        movieIds: films.map(({ movie }) => movie.movie_id),
        startLoad: (perSecond) =>
          supervisor.start([
            produceSpec('load', settings, ['--rate', String(perSecond), '--min-achieved', '0']),
          ]),
        async restartBehind(events) {
          await supervisor.stop(['recommender']);
          const perSecond = Math.min(BACKLOG_PER_SECOND, Math.ceil(events / LEAST_BACKLOG_SECONDS));
          const load = ['--rate', `${perSecond}`, '--count', `${events}`, '--min-achieved', '0'];
          await supervisor.start([produceSpec('backlog', settings, load)]);
          await supervisor.exited('backlog');
          await supervisor.start([recommenderSpec(settings, '/healthz')]);
        },
      });
    } finally {
      client.close();
    }
  });
}

async function prepare(tools: BenchTools, settings: Settings): Promise<void> {
  const clickhouse = tools.clickHouseFrom(settings);
  const admin = tools.kafkaAdminFrom(settings, 'reelstream-bench');
  try {
    await tools.prepareStores(settings, clickhouse, admin, tools.say);
  } finally {
    await admin.close();
    await clickhouse.close();
  }
}

async function untilLearned(status: () => Promise<LearnerStatus>): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + LEARN_DEADLINE_MS;
  while ((await status()).ratings < SAMPLE_RATINGS) {
    if (systemClock.monotonicMs() > deadlineMs) {
      throw new ReelstreamError(
        'timeout',
        `the sample was not learned within ${LEARN_DEADLINE_MS / 1_000} s`,
      );
    }
    await systemClock.sleep(POLL_MS);
  }
}

function recommenderSpec(settings: Settings, readyPath = '/readyz'): ProcessSpec {
  return createOwnProcessSpec({
    ...own('recommender', ['recommender']),
    readyPath,
    port: settings.REELSTREAM_RECOMMENDER_PORT,
    portSetting: 'REELSTREAM_RECOMMENDER_PORT',
  });
}

function produceSpec(name: string, settings: Settings, args: readonly string[]): ProcessSpec {
  return createOwnProcessSpec({
    ...own(name, ['produce', ...args]),
    port: settings.REELSTREAM_PRODUCER_METRICS_PORT,
    portSetting: 'REELSTREAM_PRODUCER_METRICS_PORT',
    endsByItself: true,
  });
}

const own = (name: string, args: readonly string[]) => ({
  name,
  nodeCommand: process.execPath,
  launcher: join(projectRoot, 'cli', 'reelstream.mjs'),
  args,
  cwd: projectRoot,
  after: ['kafka', 'registry', 'clickhouse'],
  stopDeadlineMs: STOP_DEADLINE_MS,
});
