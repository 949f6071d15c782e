import type { Clock } from '../../core/clock.ts';
import type { Decoded } from '../../core/decoded.ts';
import { type ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { LogRecord } from '../../core/log-record.ts';
import type { Logger } from '../../core/logger.ts';
import type { Fetch, LogReader } from '../../kafka/log-reader.ts';
import type { UserProfile } from '../../schemas/user-profile-codec.ts';
import type { LogProbe } from '../log-probe.ts';
import { createResolveSchemas } from '../resolve-schemas.ts';
import { createPositionWaiters } from './positions.ts';
import type { UserDirectory } from './user-directory.ts';

export interface ProfileReaderParts {
  readonly topic: string;
  readonly reader: LogReader;
  readonly probe: Pick<LogProbe, 'bounds'>;
  readonly decoder: {
    decode(value: Buffer | null): Decoded<UserProfile>;
    learn(schemaId: number, writerSchema: string): boolean;
    learnUnknown(schemaId: number): void;
  };
  readonly schemaOf: (schemaId: number, signal?: AbortSignal) => Promise<string | null>;
  readonly people: UserDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The topic `users` -> directory. It is compacted, so reading all of it at every start costs one record per person. */
export interface ProfileReader {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** rejects when the topic cannot be read */
  readonly done: Promise<void>;
  hasCaughtUp(): boolean;
  /** true once the record is taken in, false at the deadline */
  reached(partition: number, offset: number, timeoutMs: number): Promise<boolean>;
}

export function createProfileReader(parts: ProfileReaderParts): ProfileReader {
  const { reader, probe, topic, decoder, people, clock, logger } = parts;
  const resolveSchemas = createResolveSchemas(parts);
  const stopping = new AbortController();
  const positions = new Map<number, number>();
  const targets = new Map<number, number>();
  const waiters = createPositionWaiters(clock, (partition) => positions.get(partition));
  let fail: (error: ReelstreamError) => void = () => {};
  const done = new Promise<void>((_, reject) => {
    fail = reject;
  });
  done.catch(() => {});

  /** From the start each time: what was read of a topic that is gone says nothing about this one. */
  async function begin(partitions: readonly number[]): Promise<void> {
    const bounds = await probe.bounds(topic);
    people.forgetProfiles();
    for (const partition of partitions) {
      const { start, end } = bounds.get(partition) ?? { start: 0, end: 0 };
      positions.set(partition, start);
      targets.set(partition, end);
      reader.seek(partition, start);
    }
    reader.resume(partitions);
  }

  async function take({ partition, records, nextPosition }: Fetch): Promise<void> {
    const ids = new Set<number>();
    for (const { value } of records) {
      const unresolved = value === null ? undefined : decoder.decode(value).unresolved;
      if (unresolved !== undefined) ids.add(unresolved);
    }
    if (ids.size > 0) await resolveSchemas(ids, stopping.signal);
    if (stopping.signal.aborted) return;
    for (const record of records) takeOne(record);
    positions.set(partition, nextPosition);
    waiters.moved(partition, nextPosition);
  }

  function takeOne({ key, value, offset }: LogRecord): void {
    if (value === null) {
      const userId = Number(key?.toString('latin1'));
      if (Number.isInteger(userId)) people.sawProfile(userId, null);
      return;
    }
    const { event } = decoder.decode(value);
    if (!event) logger.warn({ topic, offset }, 'not a profile: passed over');
    else people.sawProfile(event.userId, { gender: event.gender, yearOfBirth: event.yearOfBirth });
  }

  const orFail = (work: Promise<void>) => work.catch((thrown: unknown) => fail(toReelstreamError(thrown)));

  return {
    done,
    start: () =>
      reader.start({
        onAssigned: (partitions) => void orFail(begin(partitions)),
        onRevoked: async () => {},
        onLost: () => targets.clear(),
        onFetch: (fetch) => orFail(take(fetch)),
        // compaction and retention may pass the place where it stands
        onHalted: (partition) => void orFail(begin([partition])),
        onFatal: (thrown) => fail(toReelstreamError(thrown)),
      }),
    async stop() {
      stopping.abort();
      await reader.stop();
    },
    hasCaughtUp: () =>
      targets.size > 0 && [...targets].every(([partition, end]) => positions.get(partition)! >= end),
    reached: waiters.reached,
  };
}
