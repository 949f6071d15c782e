import { withBenchStack } from '../../bench/bench-stack.ts';
import { benchCatalog, type CatalogBench } from '../../bench/catalog.ts';
import { benchCodec } from '../../bench/codec.ts';
import { benchLog, type LogBench } from '../../bench/log.ts';
import { benchProduce, type ProduceBench, type ProduceRun } from '../../bench/produce.ts';
import { benchQuestions, type QuestionsBench } from '../../bench/questions.ts';
import { benchSink, type SinkBench } from '../../bench/sink.ts';
import { benchSoak, type SoakBench } from '../../bench/soak.ts';
import { api, catchUp, freshness } from '../bench/api.ts';
import { type Bench, type BenchOptions, benchTools } from '../bench/bench.ts';
import { metrics } from '../bench/metrics.ts';
import { recommender } from '../bench/recommender.ts';
import { action, type Configure, parseInteger } from '../command.ts';
import { type Cell, printJson, printTable } from '../print.ts';
import { kafkaConnectionFrom } from '../wiring.ts';

const sink: Bench<SinkBench> = {
  name: 'sink',
  summary: "events already in Kafka -> events_raw and every aggregate, against ClickHouse's own Kafka engine",
  run: (events) => benchSink(events, benchTools),
  rows: ({ events, sink, kafkaEngine, ratios }) => [
    ['events', events],
    ['sink, events per second', Math.round(sink.eventsPerSecond)],
    ['sink, CPU per event (us)', sink.cpuMicros.sink],
    ['  its ClickHouse (us)', sink.cpuMicros.clickhouse],
    ['  its broker (us)', sink.cpuMicros.kafka],
    ['Kafka engine, events per second', Math.round(kafkaEngine.eventsPerSecond)],
    ['Kafka engine with ClickHouse, CPU per event (us)', kafkaEngine.cpuMicros.clickhouse],
    ['  its broker (us)', kafkaEngine.cpuMicros.kafka],
    ['ratio of rates, sink / Kafka engine', ratios.rate],
    ['ratio of CPU, sink / Kafka engine', ratios.cpu],
  ],
};

const produceRows = (what: string, { eventsPerSecond, cpuMicros }: ProduceRun): [string, Cell][] => [
  [`${what}, events per second`, Math.round(eventsPerSecond)],
  [`${what}, CPU per event (us)`, cpuMicros],
];

const produce: Bench<ProduceBench> = {
  name: 'produce',
  summary: "the load simulator against Kafka's own ProducerPerformance at the same record size",
  run: (events) => benchProduce(events, benchTools),
  rows: ({ events, sizes, nullSink }) => [
    ['events', events],
    ...sizes.flatMap(({ recordBytes, java, oneWorker, twoWorkers, ratios }): [string, Cell][] => [
      ...produceRows(`${recordBytes} bytes: ProducerPerformance`, java),
      ...produceRows(`${recordBytes} bytes: one worker`, oneWorker),
      ...produceRows(`${recordBytes} bytes: two workers`, twoWorkers),
      [`${recordBytes} bytes: ratio, one worker / ProducerPerformance`, ratios.oneWorker],
      [`${recordBytes} bytes: ratio, two workers / ProducerPerformance`, ratios.twoWorkers],
    ]),
    ...produceRows('--sink null, one worker', nullSink),
  ],
};

const log: Bench<LogBench> = {
  name: 'log',
  summary: 'the Kafka drivers alone: writing, reading, reading and decoding',
  run: (events) =>
    withBenchStack(benchTools, ({ settings }) =>
      benchLog(kafkaConnectionFrom(settings, 'reelstream-bench'), events),
    ),
  rows: (result) => [
    ['events', result.events],
    ['bytes per event', result.eventBytes],
    ...(['write', 'read', 'readAndDecode'] as const).flatMap((what): [string, Cell][] => [
      [`${what}, events per second`, Math.round(result[what].eventsPerSecond)],
      [`${what}, CPU per event (us)`, result[what].cpuMicros],
    ]),
  ],
};

const codec = {
  name: 'codec',
  summary: 'Avro alone, in one process: CPU nanoseconds per event',
  run: async (events: number) => benchCodec(events),
  rows: (result: object) => Object.entries(result) as [string, Cell][],
};

const soak: Bench<SoakBench> = {
  name: 'soak',
  summary: 'memory of the load simulator over time, at 5,000 events/s (ten minutes are --events 3000000)',
  run: (events) => benchSoak(events, benchTools),
  rows: ({ events, seconds, memory }) => [
    ['events', events],
    ['seconds', Math.round(seconds)],
    ['resident memory at first, MB', memory.firstMb],
    ['at last, MB', memory.lastMb],
    ['largest, MB', memory.largestMb],
    ['slope of the second half, MB per minute', memory.slopeMbPerMinute],
    ...memory.leastHeapMb.map((mb, i): [string, Cell] => [`least heap in use, third ${i + 1} of 3, MB`, mb]),
  ],
};

const questions: Bench<QuestionsBench> = {
  name: 'questions',
  summary: 'each question over synthetic ratings in the real aggregates (25 million are --events 25000000)',
  run: (events) => benchQuestions(events, benchTools),
  rows: ({ events, aggregateRows, questions: asked }) => [
    ['ratings', events],
    ...Object.entries(aggregateRows).map(([table, rows]): [string, Cell] => [`rows of ${table}`, rows]),
    ...asked.flatMap(({ name, p50Ms, p95Ms }): [string, Cell][] => [
      [`${name}, p50 (ms)`, Math.round(p50Ms)],
      [`${name}, p95 (ms)`, Math.round(p95Ms)],
    ]),
  ],
};

const catalog: Bench<CatalogBench> = {
  name: 'catalog',
  summary:
    'catalog load of a made-up metadata file of full size (45,466 rows), always the same; --events says nothing',
  run: () => benchCatalog(benchTools),
  rows: (result) => [
    ['rows', result.rows],
    ['metadata, MB', result.megabytes],
    ['films', result.films],
    ['seconds', result.seconds],
    ['rows per second', Math.round(result.rowsPerSecond)],
    ['most memory of the loader, MB', result.peakMemoryMb],
    ['seconds for the same files again', result.secondsUnchanged],
  ],
};

const HELP = `
Everything runs on this machine in a temporary folder. Figures depend on the machine: compare within one run.`;

export const configure: Configure = (command) => {
  add(command, produce);
  add(command, soak);
  add(command, sink);
  add(command, metrics);
  add(command, log);
  add(command, codec);
  add(command, questions);
  add(command, catalog);
  add(command, recommender);
  add(command, api);
  add(command, freshness);
  add(command, catchUp);
  command.addHelpText('after', HELP);
};

function add<Result extends object>(command: Parameters<Configure>[0], bench: Bench<Result>): void {
  const added = command
    .command(bench.name)
    .description(bench.summary)
    .option('--events <n>', 'how many', parseInteger('--events', 100, 100_000_000), bench.events ?? 2_000_000)
    .option('--json', 'print the result as JSON')
    .exitOverride();
  for (const option of bench.options ?? []) added.addOption(option);
  added.action(
    action(async (options: BenchOptions) => {
      const result = await bench.run(options.events, options);
      if (options.json) printJson(result);
      else printTable(['what', 'value'], bench.rows(result));
      return 0;
    }),
  );
}
