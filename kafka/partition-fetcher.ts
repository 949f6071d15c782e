import type { Clock } from '../core/clock.ts';
import { type ReelstreamError, toReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { FetchAnswer, PartitionAnswer } from './fetch-response.ts';
import type { FetchRequest } from './kafkajs-client.ts';
import type { Fetch } from './log-reader.ts';
import { meaningOf } from './partition-error.ts';
import { errorTypeOf, fetchErrorOf, isFatal } from './protocol-errors.ts';
import { readRecordSet } from './record-batch.ts';
import { createTrouble, createTroubles, logTrouble, pauseAndRefresh, type Trouble } from './trouble.ts';

/** Where answers come from. */
export interface FetchSource {
  /** partition -> broker that leads it now, as far as is known */
  leaders(): ReadonlyMap<number, number>;
  fetch(leader: number, request: FetchRequest): Promise<FetchAnswer>;
  /** asks who leads what */
  refresh(): Promise<void>;
}

export interface FetcherOptions {
  readonly source: FetchSource;
  readonly topic: string;
  /** longest wait of the broker when there is nothing new */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly readCommitted: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface FetcherHandlers {
  onFetch(fetch: Fetch): Promise<void>;
  /** this partition cannot be read from its position; it is not asked for again before the next seek */
  onHalted(partition: number, error: ReelstreamError): void;
  /** nothing can be read any more */
  onFatal(error: unknown): void;
  /** the topic is gone, and if it comes back it is another one */
  onTopicGone(): void;
  /** an answer to a question that is no longer asked was thrown away */
  onDiscarded(partition: number, records: number): void;
}

/** One assignment of one partition; a later assignment of the same partition is another object. */
interface OwnedPartition {
  readonly partition: number;
  /** null until the first seek */
  position: number | null;
  paused: boolean;
  /** its last fetch is still being taken */
  busy: boolean;
  /** the broker could not answer for it, and the time to ask again has not come */
  backingOff: boolean;
  readonly trouble: Trouble;
}

/** While a fetch waits, a partition that gets ready again waits with it; so the wait is short when one is about to. */
const MAX_WAIT_WITH_BUSY_MS = 50;

/**
 * Fetches the owned partitions, one request at a time per leader. Every answer is held against the question: it counts
 * only while its partition is still owned by the same assignment, not paused, and stands where the fetch was asked from.
 * There is no other source of positions than `seek` and the answers to it.
 */
export class PartitionFetcher {
  readonly #options: FetcherOptions;
  readonly #handlers: FetcherHandlers;
  readonly #stopped = new AbortController();
  readonly #owned = new Map<number, OwnedPartition>();
  /** leaders with a request under way or in back-off */
  readonly #asked = new Set<number>();
  readonly #requests = new Set<Promise<void>>();
  readonly #troubles = createTroubles();
  #scheduled = false;

  constructor(options: FetcherOptions, handlers: FetcherHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  /** Takes over; nothing is read before `seek` and `resume`. */
  assign(partitions: readonly number[]): void {
    this.#owned.clear();
    for (const partition of partitions) {
      this.#owned.set(partition, {
        partition,
        position: null,
        paused: true,
        busy: false,
        backingOff: false,
        trouble: createTrouble(),
      });
    }
  }

  /** Answers that are under way find no owner any more. */
  revokeAll(): number[] {
    const partitions = [...this.#owned.keys()];
    this.#owned.clear();
    return partitions;
  }

  seek(partition: number, offset: number): void {
    const owned = this.#owned.get(partition);
    if (!owned) return;
    owned.position = offset;
    this.#schedule();
  }

  pause(partitions: readonly number[]): void {
    for (const partition of partitions) this.#setPaused(partition, true);
  }

  resume(partitions: readonly number[]): void {
    for (const partition of partitions) this.#setPaused(partition, false);
    this.#schedule();
  }

  /** Resolves when no request is under way: one that outlived the connection's end would open it again for ever. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#owned.clear();
    await Promise.all(this.#requests);
  }

  #setPaused(partition: number, paused: boolean): void {
    const owned = this.#owned.get(partition);
    if (owned) owned.paused = paused;
  }

  /** Once per turn of the event loop, so that partitions that get ready together are asked for together. */
  #schedule(): void {
    if (this.#scheduled || this.#stopped.signal.aborted) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#askLeaders();
    });
  }

  #askLeaders(): void {
    const ready = [...this.#owned.values()].filter(isReady);
    if (ready.length === 0) return;
    for (const [leader, partitions] of this.#byLeader(ready)) {
      if (this.#asked.has(leader)) continue;
      this.#asked.add(leader);
      this.#track(this.#ask(leader, partitions).finally(() => this.#asked.delete(leader)));
    }
  }

  #track(work: Promise<unknown>): void {
    const request = work.then(() => {
      this.#requests.delete(request);
      this.#schedule();
    });
    this.#requests.add(request);
  }

  /** A partition without a leader right now is asked from broker -1, which fails and leads to new metadata. */
  #byLeader(partitions: readonly OwnedPartition[]): Map<number, OwnedPartition[]> {
    const leaders = this.#options.source.leaders();
    const groups = new Map<number, OwnedPartition[]>();
    for (const owned of partitions) {
      const leader = leaders.get(owned.partition) ?? -1;
      groups.set(leader, [...(groups.get(leader) ?? []), owned]);
    }
    return groups;
  }

  async #ask(leader: number, partitions: readonly OwnedPartition[]): Promise<void> {
    const asked = partitions.map((owned) => ({ owned, position: owned.position! }));
    const someBusy = [...this.#owned.values()].some(({ busy }) => busy);
    const request: FetchRequest = {
      ...this.#options,
      partitions: asked.map(({ owned: { partition }, position }) => ({ partition, position })),
      maxWaitMs: someBusy
        ? Math.min(MAX_WAIT_WITH_BUSY_MS, this.#options.maxWaitMs)
        : this.#options.maxWaitMs,
    };
    try {
      const { partitions: answers, errorCode } = await this.#options.source.fetch(leader, request);
      if (errorCode !== 0) throw new Error(`error ${errorCode}`);
      if (this.#troubles(leader).clear()) this.#fetchingAgain({});
      const byPartition = new Map(asked.map((question) => [question.owned.partition, question]));
      for (const answer of answers) {
        const question = byPartition.get(answer.partition);
        if (question) this.#take(question.owned, question.position, answer);
      }
    } catch (error) {
      await this.#afterFailure(leader, error);
    }
  }

  #take(owned: OwnedPartition, position: number, answer: PartitionAnswer): void {
    const isStale = this.#owned.get(owned.partition) !== owned || owned.paused || owned.position !== position;
    const type = fetchErrorOf(answer.errorCode);
    if (type !== null) {
      if (!isStale) this.#takeError(owned, position, type, answer);
      return;
    }
    if (owned.trouble.clear()) this.#fetchingAgain({ partition: owned.partition });
    if (answer.recordSet.length === 0) return;
    try {
      const { records, nextPosition } = readRecordSet(answer.recordSet, position, answer.aborted);
      if (isStale) this.#handlers.onDiscarded(owned.partition, records.length);
      else if (nextPosition > position) {
        const { partition } = owned;
        const { highWatermark } = answer;
        this.#deliver(owned, { partition, position, records, nextPosition, highWatermark });
      }
    } catch (error) {
      if (!isStale) this.#halt(owned, toReelstreamError(error));
    }
  }

  #takeError(owned: OwnedPartition, position: number, type: string, answer: PartitionAnswer): void {
    const { partition, trouble } = owned;
    const waitMs = trouble.add(type);
    const meaning = meaningOf(type, this.#options.topic, position, answer, trouble.times);
    if (meaning.kind === 'passing') {
      this.#logFailure(trouble, { partition, error: type });
      this.#backOff(owned, waitMs);
      if (meaning.isTopicGone) this.#handlers.onTopicGone();
    } else if (meaning.kind === 'halted') this.#halt(owned, meaning.error);
    else this.#handlers.onFatal(meaning.error);
  }

  #backOff(owned: OwnedPartition, waitMs: number): void {
    owned.backingOff = true;
    const over = this.#pauseAndRefresh(waitMs).finally(() => {
      owned.backingOff = false;
    });
    this.#track(over);
  }

  #halt(owned: OwnedPartition, error: ReelstreamError): void {
    owned.position = null;
    owned.trouble.clear();
    this.#handlers.onHalted(owned.partition, error);
  }

  #deliver(owned: OwnedPartition, fetch: Fetch): void {
    owned.busy = true;
    // Before the handler runs: a seek from inside it must win
    owned.position = fetch.nextPosition;
    this.#handlers
      .onFetch(fetch)
      .catch((error: unknown) => this.#handlers.onFatal(error))
      .finally(() => {
        owned.busy = false;
        this.#schedule();
      });
  }

  /** Brokers restart: go on from the same positions, perhaps with another leader. */
  async #afterFailure(leader: number, error: unknown): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    if (isFatal(error)) {
      this.#handlers.onFatal(error);
      return;
    }
    const trouble = this.#troubles(leader);
    const waitMs = trouble.add(errorTypeOf(error));
    this.#logFailure(trouble, { leader, error: errorTypeOf(error), reason: String(error) });
    await this.#pauseAndRefresh(waitMs);
  }

  #pauseAndRefresh(waitMs: number): Promise<void> {
    const { source } = this.#options;
    return pauseAndRefresh(this.#options, () => source.refresh(), waitMs, this.#stopped.signal);
  }

  #logFailure(trouble: Trouble, fields: Readonly<Record<string, unknown>>): void {
    const { logger, topic } = this.#options;
    logTrouble(logger, trouble, { topic, ...fields }, 'fetch failed: will try again');
  }

  #fetchingAgain(fields: Readonly<Record<string, unknown>>): void {
    this.#options.logger.info({ topic: this.#options.topic, ...fields }, 'fetching again');
  }
}

function isReady({ position, paused, busy, backingOff }: OwnedPartition): boolean {
  return position !== null && !paused && !busy && !backingOff;
}
