import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { createOwnProcessSpec } from '../embedded/own-process.ts';
import { projectRoot } from '../runtime/environment.ts';
import { type BenchStack, type BenchTools, withBenchStack } from './bench-stack.ts';

export interface MemorySample {
  readonly atMs: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
}

/** Resident memory of a process over time, MB. */
export interface MemoryCourse {
  readonly firstMb: number;
  readonly lastMb: number;
  readonly largestMb: number;
  /** of the second half, by least squares: what a process fills at its start has settled by then */
  readonly slopeMbPerMinute: number;
  /**
   * Least heap in use by thirds of the run. Garbage that has survived its youth stays for minutes, in which the resident
   * size creeps up; what is left right after it was collected is what the process really holds.
   */
  readonly leastHeapMb: readonly [number, number, number];
}

export interface SoakBench {
  readonly events: number;
  readonly seconds: number;
  readonly memory: MemoryCourse;
}

const RATE = 5_000;
const SAMPLE_INTERVAL_MS = 2_000;
const MIN_SAMPLES = 10;
const MB = 1024 * 1024;
const RESIDENT = /^process_resident_memory_bytes (\S+)$/m;
const HEAP_USED = /^nodejs_heap_size_used_bytes (\S+)$/m;

/** The load simulator with ledger and report at 5,000 events per second for as long as the events last. */
export function benchSoak(events: number, tools: BenchTools): Promise<SoakBench> {
  return withBenchStack(tools, async (stack) => {
    const admin = tools.kafkaAdminFrom(stack.settings, 'reelstream-bench');
    try {
      await tools.prepareTopics(stack.settings, admin);
    } finally {
      await admin.close();
    }
    tools.say(`${events} events at ${RATE}/s: ${Math.round(events / RATE)} s`);
    const startMs = systemClock.monotonicMs();
    const samples = await produceAndWatch(stack, events);
    const seconds = (systemClock.monotonicMs() - startMs) / 1_000;
    return { events, seconds, memory: courseOf(samples) };
  });
}

async function produceAndWatch(stack: BenchStack, events: number): Promise<MemorySample[]> {
  const { supervisor, settings, home } = stack;
  const port = settings.REELSTREAM_PRODUCER_METRICS_PORT;
  await supervisor.start([
    createOwnProcessSpec({
      name: 'producer',
      nodeCommand: process.execPath,
      launcher: join(projectRoot, 'cli', 'reelstream.mjs'),
      args: [
        ...[
          'produce',
          '--count',
          String(events),
          '--rate',
          String(RATE),
          '--ledger',
          join(home, 'soak.ledger'),
        ],
        ...['--new-users', '0.002', '--re-ratings', '0.05', '--fault', 'duplicate=1%:1:100ms'],
        ...['--report', join(home, 'soak.html')],
      ],
      cwd: projectRoot,
      after: [],
      port,
      portSetting: 'REELSTREAM_PRODUCER_METRICS_PORT',
      stopDeadlineMs: 30_000,
      endsByItself: true,
    }),
  ]);
  const ended = new AbortController();
  const exited = supervisor.exited('producer').finally(() => ended.abort());
  const samples: MemorySample[] = [];
  while (!ended.signal.aborted) {
    const memory = await readMemory(port);
    if (memory !== null) samples.push({ atMs: systemClock.monotonicMs(), ...memory });
    await systemClock.sleep(SAMPLE_INTERVAL_MS, ended.signal);
  }
  const { code } = await exited;
  if (code !== 0) throw new ReelstreamError('unknown', `the producer ended with ${code}`);
  return samples;
}

/** As the process itself publishes it; null when it does not answer, as at its end. */
async function readMemory(port: number): Promise<Omit<MemorySample, 'atMs'> | null> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    const text = await answer.text();
    const [residentBytes, heapUsedBytes] = [RESIDENT, HEAP_USED].map((line) => Number(line.exec(text)?.[1]));
    const isWhole = Number.isFinite(residentBytes) && Number.isFinite(heapUsedBytes);
    return isWhole ? { residentBytes: residentBytes!, heapUsedBytes: heapUsedBytes! } : null;
  } catch {
    return null;
  }
}

/** @throws ReelstreamError `usage` for fewer samples than say anything */
export function courseOf(samples: readonly MemorySample[]): MemoryCourse {
  if (samples.length < MIN_SAMPLES) {
    throw new ReelstreamError('usage', `only ${samples.length} looks at the memory: ask for more events`);
  }
  const sizes = samples.map(({ residentBytes }) => residentBytes / MB);
  return {
    firstMb: sizes[0]!,
    lastMb: sizes.at(-1)!,
    largestMb: Math.max(...sizes),
    slopeMbPerMinute: slopeOf(samples.slice(Math.floor(samples.length / 2))),
    leastHeapMb: [leastHeapOf(samples, 0), leastHeapOf(samples, 1), leastHeapOf(samples, 2)],
  };
}

/** @param third 0 to 2 */
function leastHeapOf(samples: readonly MemorySample[], third: number): number {
  const bound = (place: number) => Math.round((place * samples.length) / 3);
  const within = samples.slice(bound(third), bound(third + 1));
  return Math.min(...within.map(({ heapUsedBytes }) => heapUsedBytes / MB));
}

function slopeOf(samples: readonly MemorySample[]): number {
  const minutes = samples.map(({ atMs }) => atMs / 60_000);
  const sizes = samples.map(({ residentBytes }) => residentBytes / MB);
  const [meanMinute, meanSize] = [mean(minutes), mean(sizes)];
  const covariance = minutes.reduce(
    (sum, minute, i) => sum + (minute - meanMinute) * (sizes[i]! - meanSize),
    0,
  );
  const variance = minutes.reduce((sum, minute) => sum + (minute - meanMinute) ** 2, 0);
  return covariance / variance;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
