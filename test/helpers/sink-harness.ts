import { createFilmIndex, type FilmIndex } from '../../clickhouse/film-index.ts';
import { Sink } from '../../consumers/sink.ts';
import type { SinkOptions } from '../../consumers/sink-context.ts';
import { createManualClock, type ManualClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { Decode } from '../../core/judge.ts';
import type { LogRecord } from '../../core/log-record.ts';
import { silentLogger } from '../../core/logger.ts';
import type { Labels, Metrics } from '../../core/metrics-port.ts';
import type { DeadLetterRecord } from '../../kafka/dead-letter-record.ts';
import { idOf, KAFKA_TIME_MS, rating } from './events.ts';
import { createScriptedReader, type ScriptedReader } from './scripted-reader.ts';
import { createScriptedStore, type ScriptedStore } from './scripted-store.ts';

/** What a scripted record is: its bytes say it, the harness's decoder reads it. */
export type RecordKind = 'ok' | 'bad' | 'foreign';

/** `foreign` records are of a schema that the registry must be asked about first. */
export const FOREIGN_SCHEMA = 77;

export function recordOf(offset: number, kind: RecordKind = 'ok', id = offset): LogRecord {
  const value = Buffer.alloc(8);
  value.writeUInt8(['ok', 'bad', 'foreign'].indexOf(kind), 0);
  value.writeUIntBE(id, 2, 6);
  return { offset, logTsMs: KAFKA_TIME_MS + offset, key: Buffer.from('7'), value };
}

/** The records of one partition: `count` good ones from offset 0. */
export const goodLog = (count: number): LogRecord[] => Array.from({ length: count }, (_, i) => recordOf(i));

export interface Registry {
  state: 'up' | 'away' | 'missing';
  asked: number;
}

export interface CountingMetrics extends Metrics {
  /** of a histogram: how many observations */
  value(name: string, labels?: Labels): number;
  /** of a histogram: their sum, over all labels */
  sum(name: string): number;
}

export interface SinkHarness {
  readonly sink: Sink;
  readonly reader: ScriptedReader;
  readonly store: ScriptedStore;
  readonly clock: ManualClock;
  readonly registry: Registry;
  readonly metrics: CountingMetrics;
  readonly deadLetters: DeadLetterRecord[];
  /** answers of the dead-letter topic; an error once */
  deadLetterError: Error | null;
  films: FilmIndex;
  /** what Kafka says about the log's bounds; default: all of it is there */
  bounds: { start?: number; end?: number };
  /** lets everything happen that can happen without time passing */
  settle(): Promise<void>;
  /** delivers and lets time pass in steps until `until` holds; fails after `limitMs` of manual time */
  run(until: () => boolean, limitMs?: number): Promise<void>;
}

export const OPTIONS: SinkOptions = {
  topic: 'ratings',
  group: 'test',
  allowedLatenessMs: 86_400_000,
  flushMinIntervalMs: 100,
  flushMaxIntervalMs: 100,
  maxBatchRows: 1_000,
  maxBatchBytes: 1_000_000,
  insertTimeoutMs: 5_000,
  stallTimeoutMs: 20_000,
  deadLetterTimeoutMs: 2_000,
  revokeTimeoutMs: 10_000,
  drainTimeoutMs: 10_000,
  fencedRetryMs: 3_000,
};

export async function startSink(
  log: ReadonlyMap<number, readonly LogRecord[]>,
  options: Partial<SinkOptions> = {},
): Promise<SinkHarness> {
  const clock = createPatientClock(KAFKA_TIME_MS + 1_000_000);
  const reader = createScriptedReader(log);
  const store = createScriptedStore();
  const registry: Registry = { state: 'up', asked: 0 };
  const metrics = createCountingMetrics();
  const deadLetters: DeadLetterRecord[] = [];
  const endOf = (partition: number) => (log.get(partition)?.at(-1)?.offset ?? -1) + 1;
  const harness = {
    reader,
    store,
    clock,
    registry,
    metrics,
    deadLetters,
    deadLetterError: null as Error | null,
    films: createFilmIndex(1, []),
    bounds: {} as SinkHarness['bounds'],
  };
  const sink = new Sink(
    { ...OPTIONS, ...options },
    {
      reader,
      store,
      probe: {
        clusterId: async () => 'test-cluster',
        partitionCount: async () => log.size,
        bounds: async () =>
          new Map(
            [...log.keys()].map((partition) => [
              partition,
              { start: harness.bounds.start ?? 0, end: harness.bounds.end ?? endOf(partition) },
            ]),
          ),
        recordAt: async (_, partition, offset) =>
          log.get(partition)?.find((record) => record.offset === offset) ?? null,
      },
      ...scriptedSchemas(registry),
      writeDeadLetters: async (records) => {
        const error = harness.deadLetterError;
        harness.deadLetterError = null;
        if (error) throw error;
        deadLetters.push(...records);
      },
      films: () => harness.films,
      metrics,
      logger: silentLogger,
      clock,
    },
  );
  await sink.start();
  const settle = () => clock.advance(0).then(() => clock.advance(0));
  const run = async (until: () => boolean, limitMs = 600_000) => {
    const deadlineMs = clock.monotonicMs() + limitMs;
    await settle();
    while (!until()) {
      if (clock.monotonicMs() > deadlineMs) {
        throw new Error(`not reached in ${limitMs} ms: ${JSON.stringify(sink.status())}`);
      }
      reader.deliver();
      await clock.advance(50);
    }
  };
  return Object.assign(harness, { sink, settle, run });
}

/** What was begun just now goes to sleep before time passes, or its wait would begin only afterwards. */
function createPatientClock(startMs: number): ManualClock {
  const clock = createManualClock(startMs);
  return { ...clock, advance: (ms) => clock.advance(0).then(() => clock.advance(ms)) };
}

function scriptedSchemas(registry: Registry) {
  let known: 'event' | 'unknown' | null = null;
  const decode: Decode = (value) => {
    if (value === null || value[0] === 1) return { reason: 'decode' };
    if (value[0] === 2 && known === null) return { unresolved: FOREIGN_SCHEMA };
    if (value[0] === 2 && known === 'unknown') return { reason: 'unknown_schema' };
    return { event: rating({ eventId: idOf(value.readUIntBE(2, 6)) }) };
  };
  const schemaOf = async () => {
    registry.asked += 1;
    if (registry.state === 'away') throw new ReelstreamError('unavailable', 'registry away');
    return registry.state === 'missing' ? null : '{}';
  };
  const decoder = {
    decode,
    learn: () => {
      known = 'event';
      return true;
    },
    learnUnknown: () => {
      known = 'unknown';
    },
  };
  return { decoder, schemaOf };
}

function createCountingMetrics(): CountingMetrics {
  const values = new Map<string, number>();
  const sums = new Map<string, number>();
  const keyOf = (name: string, labels: Labels) =>
    [
      name,
      ...Object.entries(labels)
        .map(([label, value]) => `${label}=${value}`)
        .sort(),
    ].join(' ');
  const bump = (key: string, by: number) => values.set(key, (values.get(key) ?? 0) + by);
  return {
    add: (name, labels, by = 1) => void bump(keyOf(name, labels), by),
    set: (name, labels, value) => void values.set(keyOf(name, labels), value),
    observe(name, labels, value, times = 1) {
      bump(keyOf(name, labels), times);
      sums.set(name, (sums.get(name) ?? 0) + value * times);
    },
    sum: (name) => sums.get(name) ?? 0,
    value: (name, labels) =>
      labels
        ? (values.get(keyOf(name, labels)) ?? 0)
        : [...values]
            .filter(([key]) => key === name || key.startsWith(`${name} `))
            .reduce((sum, [, n]) => sum + n, 0),
  };
}
