import { createHash } from 'node:crypto';
import type { TestPipeline } from './pipeline.ts';
import type { RunningService } from './program.ts';
import { waitUntil } from './wait-until.ts';

export type Victim = 'sink' | 'clickhouse';

export interface StormOptions {
  /** whom to kill, in this order */
  readonly victims: readonly Victim[];
  /** same seed, same pauses; printed by a failing test */
  readonly seed: string;
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
}

/** Kills with SIGKILL at random moments while events stream, and starts the victim again. Returns the sink that lives at the end. */
export async function runKillStorm(
  pipeline: TestPipeline,
  sink: RunningService,
  options: StormOptions,
): Promise<RunningService> {
  let living = sink;
  for (const [number, victim] of options.victims.entries()) {
    await pause(options, number);
    if (victim === 'sink') {
      await living.kill();
      living = await pipeline.startSink();
    } else {
      await pipeline.clickhouse.kill();
      await pipeline.clickhouse.restart();
    }
  }
  return living;
}

/** Every record that the log holds is in raw: nothing is behind. */
export async function untilCaughtUp(
  pipeline: TestPipeline,
  sink: RunningService,
  events: number,
  timeoutMs = 60_000,
): Promise<void> {
  let last = -1;
  await waitUntil(
    () => `${events} rows in events_raw, last seen ${last}; the sink says:\n${sink.said()}`,
    timeoutMs,
    async () => {
      last = await pipeline.count('SELECT count() FROM events_raw').catch(() => -1);
      return last >= events;
    },
  );
}

/** The moments are random over seeds and the same for one seed, so that a failure can be run again. */
async function pause({ seed, minPauseMs, maxPauseMs }: StormOptions, number: number): Promise<void> {
  const share = createHash('sha256').update(`${seed}/${number}`).digest().readUInt32LE(0) / 2 ** 32;
  await new Promise((resolve) => setTimeout(resolve, minPauseMs + share * (maxPauseMs - minPauseMs)));
}
