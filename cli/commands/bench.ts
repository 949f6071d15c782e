import { type ApiBench, benchApi } from '../../bench/api.ts';
import { type BenchTools, withBenchStack } from '../../bench/bench-stack.ts';
import { benchCatalog, type CatalogBench } from '../../bench/catalog.ts';
import { benchCodec } from '../../bench/codec.ts';
import { benchFreshness, type FreshnessBench } from '../../bench/freshness.ts';
import { benchLog, type LogBench } from '../../bench/log.ts';
import type { Latency } from '../../bench/open-loop.ts';
import { benchProduce, type ProduceBench, type ProduceRun } from '../../bench/produce.ts';
import { benchQuestions, type QuestionsBench } from '../../bench/questions.ts';
import { benchRecommender, type RecommenderBench } from '../../bench/recommender.ts';
import { benchSink, type SinkBench } from '../../bench/sink.ts';
import { benchSoak, type SoakBench } from '../../bench/soak.ts';
import { action, type Configure, parseInteger } from '../command.ts';
import { type Cell, printJson, printTable } from '../print.ts';
import { prepareStores } from '../start/prepare.ts';
import { sinkSpec } from '../start/services.ts';
import { clickHouseFrom, kafkaAdminFrom, kafkaConnectionFrom, sampleFolder, topicsFrom } from '../wiring.ts';

interface Options {
  readonly events: number;
  readonly json?: boolean;
}

interface Bench<Result extends object> {
  readonly name: string;
  readonly summary: string;
  /** how many it takes unless --events says so */
  readonly events?: number;
  readonly run: (events: number) => Promise<Result>;
  readonly rows: (result: Result) => [string, Cell][];
}

const tools: BenchTools = {
  environment: process.env,
  say: (line) => void process.stderr.write(`${line}\n`),
  clickHouseFrom,
  kafkaAdminFrom,
  prepareStores,
  prepareTopics: async (settings, admin) => admin.ensureTopics(topicsFrom(settings)),
  sinkSpec,
};

const sink: Bench<SinkBench> = {
  name: 'sink',
  summary: "events already in Kafka -> events_raw and every aggregate, against ClickHouse's own Kafka engine",
  run: (events) => benchSink(events, tools),
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
  run: (events) => benchProduce(events, tools),
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
    withBenchStack(tools, ({ settings }) =>
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
  run: (events) => benchSoak(events, tools),
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
  run: (events) => benchQuestions(events, tools),
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
  run: () => benchCatalog(tools),
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

const recommender: Bench<RecommenderBench> = {
  name: 'recommender',
  summary: 'learning and ranking alone, in one thread: events per CPU second, lists of 20, bytes',
  events: 200_000,
  run: (events) => benchRecommender(events, `${sampleFolder}/ml-latest-small/ratings.csv`),
  rows: ({ sample, engines, top20Ms, coldTop20Ms, bytes, snapshot, ...size }) => [
    ['sample, sgd with replay and drift, events per CPU second', sample.sgd],
    ['sample, rows without replay', sample.rowsWithoutReplay],
    ['sample, river BiasedMF (reference, another run)', sample.riverBiasedMf],
    ...(Object.entries(size) as [string, Cell][]),
    ...engines.flatMap(({ engine, ...rates }): [string, Cell][] => [
      [`${engine}: whole path, events per CPU second`, rates.wholePathPerSecond],
      [`${engine}: model alone`, rates.modelPerSecond],
      [`${engine}: model alone, replay left for later`, rates.withoutReplayPerSecond],
    ]),
    ['list of 20, p50 (ms)', top20Ms.p50],
    ['list of 20, p99 (ms)', top20Ms.p99],
    ['list of 20 for somebody new, p99 (ms)', coldTop20Ms.p99],
    ['bytes per user, without opinions', bytes.perUser],
    ['bytes per film', bytes.perFilm],
    ['bytes per opinion', bytes.perRating],
    ['snapshot, MB', snapshot.megabytes],
    ['snapshot copied (ms)', snapshot.copyMs],
    ['snapshot restored (ms)', snapshot.restoreMs],
  ],
};

const latencyRows = (what: string, { p50Ms, p99Ms, maxMs }: Latency): [string, Cell][] => [
  [`${what}, p50 (ms)`, p50Ms],
  [`${what}, p99 (ms)`, p99Ms],
  [`${what}, longest (ms)`, maxMs],
];

const api: Bench<ApiBench> = {
  name: 'api',
  summary: 'the REST API over the sample, 500 mixed requests per second, open loop; --events are requests',
  events: 30_000,
  run: (events) => benchApi(events, tools),
  rows: ({ requests, perSecond, all, byKind, statuses, failed, cpuMsPerRequest }) => [
    ['requests', requests],
    ['per second', perSecond],
    ...latencyRows('all', all),
    ...byKind.flatMap(({ kind, ...latency }) => [
      [`${kind}, requests`, latency.count] as [string, Cell],
      ...latencyRows(kind, latency).slice(0, 2),
    ]),
    ...Object.entries(statuses).map(([status, count]): [string, Cell] => [`answered ${status}`, count]),
    ['failed', failed],
    ['CPU of the recommender per request (ms)', cpuMsPerRequest],
  ],
};

const freshness: Bench<FreshnessBench> = {
  name: 'freshness',
  summary: 'a rating through the API until the list shows it, beside 2,000 events/s; --events are probes',
  events: 1_000,
  run: (events) => benchFreshness(events, tools),
  rows: ({ probes, loadPerSecond, acknowledged, changed, lateProbes, failed }) => [
    ['probes', probes],
    ['events per second beside', Math.round(loadPerSecond)],
    ...latencyRows('rating acknowledged', acknowledged),
    ...latencyRows('list changed', changed),
    ['probes whose first list was not changed yet', lateProbes],
    ['probes that failed', failed],
  ],
};

const HELP = `
Everything runs on this machine in a temporary folder. Figures depend on the machine: compare within one run.`;

export const configure: Configure = (command) => {
  add(command, produce);
  add(command, soak);
  add(command, sink);
  add(command, log);
  add(command, codec);
  add(command, questions);
  add(command, catalog);
  add(command, recommender);
  add(command, api);
  add(command, freshness);
  command.addHelpText('after', HELP);
};

function add<Result extends object>(command: Parameters<Configure>[0], bench: Bench<Result>): void {
  command
    .command(bench.name)
    .description(bench.summary)
    .option('--events <n>', 'how many', parseInteger('--events', 100, 100_000_000), bench.events ?? 2_000_000)
    .option('--json', 'print the result as JSON')
    .exitOverride()
    .action(
      action(async ({ events, json }: Options) => {
        const result = await bench.run(events);
        if (json) printJson(result);
        else printTable(['what', 'value'], bench.rows(result));
        return 0;
      }),
    );
}
