import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ReelstreamError } from '../core/errors.ts';
import type { RatingsTable } from '../producer/ratings-table.ts';
import { projectRoot } from '../runtime/environment.ts';

/** One pass over a stream, every rating predicted before it is learned. */
export interface StreamPass {
  /** per CPU second, one thread */
  readonly eventsPerSecond: number;
  readonly rmse: number;
  /** of the last fifth */
  readonly rmseLast20: number;
}

/** river's BiasedMF in a Python that has it. */
export interface River {
  readonly version: string;
  /** @throws ReelstreamError `unavailable` when it fails or prints something else */
  pass(ratings: RatingsTable): Promise<StreamPass>;
}

/** river 0.26.1 over the sample with the same settings, on another machine: an order of magnitude. */
export const RIVER_REFERENCE: StreamPass = { eventsPerSecond: 112_000, rmse: 0.8651, rmseLast20: 0.7996 };

const TIMEOUT_MS = 120_000;
const SCRIPT = join(projectRoot, 'bench', 'river_biased_mf.py');
/** numpy's libraries must not borrow a second core */
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** Null when that Python is not there or has no river; nothing is installed. */
export async function findRiver(
  python: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<River | null> {
  const run = (args: readonly string[], input: string) => runPython(python, args, input, environment);
  const found = await run(['-c', 'import river; print(river.__version__)'], '');
  if (found.code !== 0) return null;
  return {
    version: found.stdout.trim(),
    async pass(ratings) {
      const { code, stdout, stderr } = await run([SCRIPT], linesOf(ratings));
      if (code === 0) return readRiverPass(stdout, ratings.length);
      throw new ReelstreamError('unavailable', `${python} ${SCRIPT} ended with ${code}: ${stderr.trim()}`);
    },
  };
}

/** @throws ReelstreamError `unavailable` when it is not what the script prints */
export function readRiverPass(text: string, events: number): StreamPass {
  try {
    const { cpuSeconds, rmse, rmseLast20 } = JSON.parse(text) as Record<string, unknown>;
    const numbers = [cpuSeconds, rmse, rmseLast20];
    if (numbers.every((value) => typeof value === 'number' && value > 0)) {
      const eventsPerSecond = Math.round(events / (cpuSeconds as number));
      return { eventsPerSecond, rmse: rmse as number, rmseLast20: rmseLast20 as number };
    }
  } catch {
    // said below, whatever it was
  }
  throw new ReelstreamError('unavailable', `river's pass printed no figures: ${text.slice(0, 200)}`);
}

function linesOf({ length, userIds, movieIds, halfStars }: RatingsTable): string {
  const lines = Array.from({ length }, (_, n) => `${userIds[n]},${movieIds[n]},${halfStars[n]! / 2}\n`);
  return lines.join('');
}

interface Ran {
  /** null: it could not be started, or was ended by a signal */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runPython(
  python: string,
  args: readonly string[],
  input: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<Ran> {
  const child = spawn(python, args, {
    stdio: 'pipe',
    env: { ...environment, ...ONE_THREAD },
    timeout: TIMEOUT_MS,
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  // one that ends before it has read everything says why by its code
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...said };
  } catch (error) {
    return { code: null, ...said, stderr: (error as Error).message };
  }
}
