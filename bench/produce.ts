import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReelstreamError } from '../core/errors.ts';
import { javaArguments } from '../embedded/java.ts';
import { projectRoot } from '../runtime/environment.ts';
import type { Environment } from '../runtime/settings.ts';
import { type BenchStack, type BenchTools, withBenchStack } from './bench-stack.ts';

/** One client sending as fast as it can. */
export interface ProduceRun {
  readonly eventsPerSecond: number;
  /** CPU of all its processes, start-up included */
  readonly cpuMicros: number;
}

export interface SizeComparison {
  readonly recordBytes: number;
  /** Kafka's own ProducerPerformance: random bytes, made once */
  readonly java: ProduceRun;
  readonly oneWorker: ProduceRun;
  readonly twoWorkers: ProduceRun;
  /** rate / ProducerPerformance's rate */
  readonly ratios: { readonly oneWorker: number; readonly twoWorkers: number };
}

export interface ProduceBench {
  readonly events: number;
  readonly sizes: readonly SizeComparison[];
  /** the generator alone: content, ids, Avro, ledger and measurement, nothing sent */
  readonly nullSink: ProduceRun;
}

/** Text of the field `source` that makes an event about 40 and about 100 bytes long. */
const SOURCES = ['live', 'x'.repeat(63)] as const;
const CLIENTS = ['java', 'oneWorker', 'twoWorkers'] as const;
type Client = (typeof CLIENTS)[number];
const NAMES: Readonly<Record<Client, string>> = {
  java: 'ProducerPerformance',
  oneWorker: 'produce, 1 worker',
  twoWorkers: 'produce, 2 workers',
};
/** of a run */
const WARM_UP_PART = 4;
const UNREACHABLE_RATE = 10_000_000;
const DEADLINE_MS = 240_000;
const HEAP_MB = 512;
const LINGER_MS = 5;

/**
 * The load simulator with real content, Avro, idempotence and a ledger against Kafka's own ProducerPerformance (idempotent,
 * acks=all, the same linger): same broker, same topic settings, same record size, one after the other and back again.
 */
export function benchProduce(events: number, tools: BenchTools): Promise<ProduceBench> {
  return withBenchStack(tools, async (stack) => {
    const admin = tools.kafkaAdminFrom(stack.settings, 'reelstream-bench');
    try {
      await tools.prepareTopics(stack.settings, admin);
    } finally {
      await admin.close();
    }
    const sizes: SizeComparison[] = [];
    for (const source of SOURCES) sizes.push(await compareSize(stack, events, source, tools.say));
    tools.say('produce --sink null');
    const nullSink = await runProduce(stack, events, [
      '--sink',
      'null',
      '--ledger',
      join(stack.home, 'null.ledger'),
    ]);
    return { events, sizes, nullSink };
  });
}

/** There and back again: what warms up or wears out meanwhile is shared by all three. */
async function compareSize(
  stack: BenchStack,
  events: number,
  source: string,
  say: (line: string) => void,
): Promise<SizeComparison> {
  let ledgers = 0;
  const produce = (workers: number, count = events) => {
    const ledger = join(stack.home, `${source.length}-${++ledgers}.ledger`);
    return runProduce(stack, count, ['--workers', String(workers), '--source', source, '--ledger', ledger]);
  };
  say('produce, to warm the broker up');
  const { recordBytes } = await produce(1, Math.ceil(events / WARM_UP_PART));
  const runs: Record<Client, ProduceRun[]> = { java: [], oneWorker: [], twoWorkers: [] };
  for (const client of [...CLIENTS, ...CLIENTS.toReversed()]) {
    say(`${NAMES[client]}, ${recordBytes} bytes`);
    const run =
      client === 'java' ? runJava(stack, events, recordBytes) : produce(client === 'oneWorker' ? 1 : 2);
    runs[client].push(await run);
  }
  const [java, oneWorker, twoWorkers] = [
    together(runs.java),
    together(runs.oneWorker),
    together(runs.twoWorkers),
  ];
  const ratio = (run: ProduceRun) => run.eventsPerSecond / java.eventsPerSecond;
  return {
    recordBytes,
    java,
    oneWorker,
    twoWorkers,
    ratios: { oneWorker: ratio(oneWorker), twoWorkers: ratio(twoWorkers) },
  };
}

/** Of runs with as many events each: rate over all of their time, CPU on average. */
function together(runs: readonly ProduceRun[]): ProduceRun {
  const mean = (of: (run: ProduceRun) => number) => runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  return {
    eventsPerSecond: 1 / mean(({ eventsPerSecond }) => 1 / eventsPerSecond),
    cpuMicros: mean(({ cpuMicros }) => cpuMicros),
  };
}

async function runProduce(
  stack: BenchStack,
  events: number,
  more: readonly string[],
): Promise<ProduceRun & { readonly recordBytes: number }> {
  const reportFile = join(stack.home, 'report.json');
  const args = [
    'produce',
    '--count',
    String(events),
    '--rate',
    String(UNREACHABLE_RATE),
    '--min-achieved',
    '0',
  ];
  const { cpuSeconds } = await runToEnd(
    process.execPath,
    [join(projectRoot, 'cli', 'reelstream.mjs'), ...args, '--report-json', reportFile, ...more],
    stack.environment,
  );
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as {
    readonly acknowledged: number;
    readonly elapsedMs: number;
    readonly bytes: number;
    readonly records: number;
  };
  if (report.acknowledged !== events) {
    throw new ReelstreamError('kafka', `only ${report.acknowledged} of ${events} events were acknowledged`);
  }
  return {
    eventsPerSecond: (events / report.elapsedMs) * 1_000,
    cpuMicros: (cpuSeconds / events) * 1e6,
    recordBytes: Math.round(report.bytes / report.records),
  };
}

async function runJava(stack: BenchStack, events: number, recordBytes: number): Promise<ProduceRun> {
  const { REELSTREAM_KAFKA_BROKERS: brokers, REELSTREAM_RATINGS_TOPIC: topic } = stack.settings;
  const jars = join(projectRoot, '.reelstream', 'vendor', 'java', 'kafka', '*');
  const { output, cpuSeconds } = await runToEnd(
    'java',
    [
      ...javaArguments(HEAP_MB),
      '-cp',
      jars,
      'org.apache.kafka.tools.ProducerPerformance',
      ...['--topic', topic, '--num-records', String(events), '--record-size', String(recordBytes)],
      ...['--throughput', '-1', '--producer-props', `bootstrap.servers=${brokers.join(',')}`],
      ...['acks=all', 'enable.idempotence=true', `linger.ms=${LINGER_MS}`],
    ],
    stack.environment,
  );
  const rates = [...output.matchAll(/([\d.]+) records\/sec/g)];
  const rate = Number(rates.at(-1)?.[1]);
  if (!(rate > 0))
    throw new ReelstreamError('unknown', `ProducerPerformance printed no rate: ${output.slice(-500)}`);
  return { eventsPerSecond: rate, cpuMicros: (cpuSeconds / events) * 1e6 };
}

/** CPU is exact, also of children of the child: the system adds it up for their ancestors when they have ended. */
async function runToEnd(
  command: string,
  args: readonly string[],
  environment: Environment,
): Promise<{ readonly output: string; readonly cpuSeconds: number }> {
  const before = childCpuSeconds();
  const child = spawn(command, args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (text: string) => {
    output = (output + text).slice(-20_000);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  }).finally(() => clearTimeout(timer));
  if (code !== 0)
    throw new ReelstreamError('unknown', `${command} ended with ${code}: ${output.slice(-2_000)}`);
  return { output, cpuSeconds: childCpuSeconds() - before };
}

const TICKS_PER_SECOND = 100;

/** User and system time of this process's children that have ended, and of theirs. Source: man 5 proc, cutime and cstime. */
function childCpuSeconds(): number {
  const line = readFileSync('/proc/self/stat', 'utf8');
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}
