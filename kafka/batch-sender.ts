import type { Clock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { sendLater, takeAnswer } from './batch-answer.ts';
import { type Header, recordBytesAtMost } from './batch-builder.ts';
import { type BuilderPool, createBuilderPool } from './builder-pool.ts';
import type { Compression } from './codecs.ts';
import { createIdentities, type Identities } from './identities.ts';
import {
  createPartitionQueue,
  createPendingBatch,
  type PartitionQueue,
  type PendingBatch,
  type ProducerIdentity,
  takeExpired,
  takeNext,
} from './partition-queue.ts';
import { type ProduceAnswer, type ProduceAnswers, writeProduceRequest } from './produce-request.ts';
import type { ProduceTarget } from './produce-target.ts';
import { errorTypeOf, isFatal, toKafkaError } from './protocol-errors.ts';
import { isDue, planRequests } from './request-plan.ts';
import { createTrouble, createTroubles, logTrouble, pauseAndRefresh } from './trouble.ts';

export interface SenderOptions {
  readonly target: ProduceTarget;
  readonly topic: string;
  readonly lingerMs: number;
  readonly compression: Compression;
  readonly deliveryTimeoutMs: number;
  /** what a batch may grow to */
  readonly batchBytes: number;
  /** keeps what the caller knows each record by */
  readonly withTags: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface SenderHandlers {
  /** @param baseOffset of the first record; -1 where the broker does not know it any more */
  onAcknowledged(partition: number, batch: PendingBatch, baseOffset: number): void;
  onGivenUp(partition: number, batch: PendingBatch, error: Error): void;
  /** nothing can be sent any more */
  onDead(error: ReelstreamError): void;
}

interface Sent {
  readonly queue: PartitionQueue;
  readonly batch: PendingBatch;
}

/** How long a broker may wait for its replicas. */
const REPLICAS_TIMEOUT_MS = 10_000;
const EXPIRY_LOOK_MS = 100;

/**
 * Collects records into batches, one open batch a partition, and sends them: one request at a time per leader, one batch at a
 * time per partition. While a request is under way the batches behind it fill up, so that the busier it gets, the less a record
 * costs; and with one batch under way no answer can leave open which of two came first. A batch without an answer goes again
 * as it was: by producer id and sequence the broker knows it if it is there already (KIP-98).
 */
export class BatchSender {
  readonly #options: SenderOptions;
  readonly #handlers: SenderHandlers;
  readonly #stopped = new AbortController();
  readonly #queues: PartitionQueue[] = [];
  /** leaders with a request under way or in back-off */
  readonly #asked = new Set<number>();
  readonly #troubles = createTroubles();
  readonly #builders: BuilderPool;
  readonly #expiry: NodeJS.Timeout;
  readonly #identities: Identities;
  /** every partition begins with it */
  readonly #first: ProducerIdentity;
  #linger: NodeJS.Timeout | null = null;
  #isScheduled = false;
  #isUrgent = false;

  constructor(options: SenderOptions, handlers: SenderHandlers, identity: ProducerIdentity) {
    this.#options = options;
    this.#handlers = handlers;
    this.#builders = createBuilderPool(options.batchBytes);
    this.#identities = createIdentities(
      () => this.#askForIdentity(),
      () => this.#pump(),
    );
    this.#first = identity;
    this.adopt();
    this.#expiry = setInterval(() => this.#expire(), EXPIRY_LOOK_MS);
  }

  get partitions(): number {
    return this.#queues.length;
  }

  /** Copies a record into the open batch of its partition. */
  append(
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly Header[] | undefined,
    tag: number,
  ): void {
    const queue = this.#queues[partition];
    if (!queue) throw new ReelstreamError('kafka', `${this.#options.topic} has no partition ${partition}`);
    const { clock } = this.#options;
    const batch = this.#openFor(queue, recordBytesAtMost(key, value, headers));
    batch.builder.append(key, value, clock.nowMs(), headers);
    batch.tags?.push(tag);
  }

  /** While somebody waits for everything to be acknowledged no batch waits for company. */
  setUrgent(isUrgent: boolean): void {
    this.#isUrgent = isUrgent;
    if (isUrgent) this.#schedule();
  }

  stop(): void {
    this.#stopped.abort();
    clearInterval(this.#expiry);
    if (this.#linger) clearTimeout(this.#linger);
  }

  /** The topic may have got more partitions. */
  adopt(): void {
    const count = Math.max(-1, ...this.#options.target.leaders().keys()) + 1;
    while (this.#queues.length < count)
      this.#queues.push(createPartitionQueue(this.#queues.length, this.#first));
  }

  #openFor(queue: PartitionQueue, atMost: number): PendingBatch {
    if (queue.open?.builder.hasRoom(atMost)) return queue.open;
    if (queue.open) {
      queue.full.push(queue.open);
      this.#schedule();
    }
    const { withTags, clock } = this.#options;
    queue.open = createPendingBatch(this.#builders.take(atMost), clock.monotonicMs(), withTags);
    this.#wakeAfterLinger();
    return queue.open;
  }

  #wakeAfterLinger(): void {
    if (this.#linger !== null) return;
    this.#linger = setTimeout(() => {
      this.#linger = null;
      this.#pump();
    }, this.#options.lingerMs);
  }

  /** Once per turn of the event loop. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#stopped.signal.aborted) return;
    const { target, clock, lingerMs } = this.#options;
    const nowMs = clock.monotonicMs();
    const requests = planRequests(
      this.#queues,
      target.leaders(),
      (leader) => this.#asked.has(leader),
      (queue) => this.#identities.assign(queue),
    );
    for (const [leader, queues] of requests) {
      // what is due takes the others along
      const isAny = this.#isUrgent || queues.some((queue) => isDue(queue, nowMs, lingerMs));
      if (isAny) void this.#send(leader, queues);
      else this.#wakeAfterLinger();
    }
  }

  async #askForIdentity(): Promise<ProducerIdentity | null> {
    const { target, logger, topic } = this.#options;
    const trouble = createTrouble();
    while (!this.#stopped.signal.aborted) {
      try {
        return await target.identify();
      } catch (error) {
        if (isFatal(error)) {
          this.#die(toKafkaError(`writing to ${topic}`, error));
          return null;
        }
        logger.debug({ topic, error: errorTypeOf(error) }, 'no producer id yet');
        await this.#pauseAndRefresh(trouble.add(errorTypeOf(error)));
      }
    }
    return null;
  }

  async #send(leader: number, queues: readonly PartitionQueue[]): Promise<void> {
    const { target, topic, compression } = this.#options;
    this.#asked.add(leader);
    const sent = queues.map((queue) => ({ queue, batch: takeNext(queue) }));
    const batches = sent.map(({ queue: { partition }, batch }) => ({
      partition,
      bytes: batch.builder.seal(batch.identity!, compression),
    }));
    const body = writeProduceRequest(topic, batches, REPLICAS_TIMEOUT_MS);
    let answers: ProduceAnswers | null = null;
    try {
      answers = await target.produce(leader, body);
    } catch (error) {
      for (const { queue, batch } of sent) sendLater(queue, batch);
      await this.#afterFailure(leader, error);
    }
    this.#asked.delete(leader);
    if (answers) this.#takeAll(leader, sent, answers.partitions);
    this.#schedule();
  }

  #takeAll(leader: number, sent: readonly Sent[], answers: readonly ProduceAnswer[]): void {
    const { logger, topic } = this.#options;
    if (this.#troubles(leader).clear()) logger.info({ topic, leader }, 'sending again');
    const byPartition = new Map(answers.map((answer) => [answer.partition, answer]));
    for (const { queue, batch } of sent) {
      if (batch.isSettled) continue;
      const answer = byPartition.get(queue.partition);
      if (answer) this.#take(queue, batch, answer);
      else sendLater(queue, batch);
    }
  }

  #take(queue: PartitionQueue, batch: PendingBatch, { errorCode, baseOffset }: ProduceAnswer): void {
    const fate = takeAnswer(this.#options.topic, queue, batch, errorCode);
    if (fate.kind === 'later') this.#backOff(queue, fate.reason);
    if (fate.kind === 'given_up') this.#giveUp(queue, batch, fate.error);
    if (fate.kind === 'dead') this.#die(fate.error);
    if (fate.kind !== 'acknowledged') return;
    batch.isSettled = true;
    this.#handlers.onAcknowledged(queue.partition, batch, baseOffset);
    this.#builders.giveBack(batch.builder);
  }

  #backOff(queue: PartitionQueue, name: string): void {
    const { logger, topic } = this.#options;
    const { trouble, partition } = queue;
    const waitMs = trouble.add(name);
    logTrouble(logger, trouble, { topic, partition, error: name }, 'batch not taken: will be sent again');
    queue.isBackingOff = true;
    void this.#pauseAndRefresh(waitMs).then(() => {
      queue.isBackingOff = false;
      this.#schedule();
    });
  }

  /** What has waited too long, sent or not. */
  #expire(): void {
    const { clock, deliveryTimeoutMs, topic } = this.#options;
    const bornBeforeMs = clock.monotonicMs() - deliveryTimeoutMs;
    for (const queue of this.#queues) {
      for (const batch of takeExpired(queue, bornBeforeMs)) {
        const message = `${topic}: not acknowledged within ${deliveryTimeoutMs} ms: timed out`;
        this.#giveUp(queue, batch, new Error(message));
      }
    }
  }

  #giveUp(queue: PartitionQueue, batch: PendingBatch, error: Error): void {
    batch.isSettled = true;
    this.#handlers.onGivenUp(queue.partition, batch, error);
  }

  /** Brokers restart: the same goes again, perhaps to another leader. */
  async #afterFailure(leader: number, error: unknown): Promise<void> {
    const { logger, topic } = this.#options;
    if (this.#stopped.signal.aborted) return;
    if (isFatal(error)) return this.#die(toKafkaError(`writing to ${topic}`, error));
    const trouble = this.#troubles(leader);
    const waitMs = trouble.add(errorTypeOf(error));
    const fields = { topic, leader, error: errorTypeOf(error), reason: String(error) };
    logTrouble(logger, trouble, fields, 'not sent: will try again');
    await this.#pauseAndRefresh(waitMs);
  }

  #pauseAndRefresh(waitMs: number): Promise<void> {
    const { target } = this.#options;
    return pauseAndRefresh(this.#options, () => target.refresh(), waitMs, this.#stopped.signal);
  }

  #die(error: ReelstreamError): void {
    this.stop();
    this.#handlers.onDead(error);
  }
}
