import { ReelstreamError } from '../../core/errors.ts';
import type { LogRecord } from '../../core/log-record.ts';
import type { LogReader, LogReaderHandlers } from '../../kafka/log-reader.ts';

interface ReaderPartition {
  position: number | null;
  paused: boolean;
  busy: boolean;
}

/** A log reader without Kafka: the test says when partitions come, go and are fetched. */
export interface ScriptedReader extends LogReader {
  readonly committed: Map<number, number>;
  readonly seeks: (readonly [partition: number, offset: number])[];
  owns(partition: number): boolean;
  isPaused(partition: number): boolean;
  assign(...partitions: number[]): void;
  /** resolves when the sink has let go */
  revoke(...partitions: number[]): Promise<void>;
  lose(...partitions: number[]): void;
  /** delivers up to `max` records of every partition (or of one) that may be read; number of fetches delivered */
  deliver(max?: number, only?: number): number;
  /** delivers something that was not asked for */
  deliverRaw(partition: number, position: number, records: readonly LogRecord[], nextPosition: number): void;
  die(error: Error): void;
  halt(partition: number, message: string): void;
}

export function createScriptedReader(log: ReadonlyMap<number, readonly LogRecord[]>): ScriptedReader {
  let handlers: LogReaderHandlers | null = null;
  const owned = new Map<number, ReaderPartition>();
  const committed = new Map<number, number>();
  const seeks: [number, number][] = [];
  const given = () => {
    if (!handlers) throw new Error('not started');
    return handlers;
  };

  function fetchInto(partition: number, one: ReaderPartition, max: number): boolean {
    const { position } = one;
    if (position === null || one.paused || one.busy) return false;
    const records = log.get(partition) ?? [];
    const from = records.findIndex(({ offset }) => offset >= position);
    const taken = from < 0 ? [] : records.slice(from, from + max);
    if (taken.length === 0) return false;
    const nextPosition = taken.at(-1)!.offset + 1;
    one.busy = true;
    one.position = nextPosition;
    const highWatermark = records.at(-1)!.offset + 1;
    void given()
      .onFetch({ partition, position, records: taken, nextPosition, highWatermark })
      .then(() => {
        one.busy = false;
      });
    return true;
  }

  const drop = (partitions: readonly number[]) => {
    for (const partition of partitions) owned.delete(partition);
  };

  return {
    committed,
    seeks,
    owns: (partition) => owned.has(partition),
    isPaused: (partition) => owned.get(partition)?.paused ?? true,
    async start(theirs) {
      handlers = theirs;
    },
    seek(partition, offset) {
      seeks.push([partition, offset]);
      const one = owned.get(partition);
      if (one) one.position = offset;
    },
    pause(partitions) {
      for (const partition of partitions) {
        const one = owned.get(partition);
        if (one) one.paused = true;
      }
    },
    resume(partitions) {
      for (const partition of partitions) {
        const one = owned.get(partition);
        if (one) one.paused = false;
      }
    },
    async commit(positions) {
      for (const [partition, offset] of positions) committed.set(partition, offset);
    },
    async stop() {
      const partitions = [...owned.keys()];
      drop(partitions);
      if (partitions.length > 0) await given().onRevoked(partitions);
    },
    assign(...partitions) {
      for (const partition of partitions) owned.set(partition, { position: null, paused: true, busy: false });
      given().onAssigned(partitions);
    },
    async revoke(...partitions) {
      drop(partitions);
      await given().onRevoked(partitions);
    },
    lose(...partitions) {
      drop(partitions);
      given().onLost(partitions);
    },
    deliver(max = 1_000, only) {
      const due = [...owned].filter(([partition]) => only === undefined || partition === only);
      return due.filter(([partition, one]) => fetchInto(partition, one, max)).length;
    },
    deliverRaw(partition, position, records, nextPosition) {
      void given().onFetch({ partition, position, records, nextPosition, highWatermark: nextPosition });
    },
    die: (error) => given().onFatal(error),
    halt: (partition, message) => given().onHalted?.(partition, new ReelstreamError('halted', message)),
  };
}
