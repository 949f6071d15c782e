import { createBackoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import type { Logger } from '../core/logger.ts';
import { type GroupSession, joinGroup } from './group-session.ts';
import type { KafkaCluster } from './kafkajs-client.ts';
import {
  errorTypeOf,
  isFatal,
  isMoving,
  isOutOfGroup,
  isRebalancing,
  toKafkaError,
} from './protocol-errors.ts';

export interface GroupMemberOptions {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly revokeTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface GroupMemberHandlers {
  assigned(partitions: readonly number[]): void;
  /** give the partitions up; the group waits for it */
  revoke(): Promise<void>;
  /** the partitions are already gone */
  lost(): void;
}

type SessionEnd = 'rebalance' | 'lost' | 'stop';

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;
const COMMIT_TRIES = 4;

/**
 * One member of a consumer group (Kafka's classic protocol, eager). Heartbeats have a loop of their own, so that
 * neither back-pressure nor a long hand-over costs the membership; and a session that the broker has not confirmed for
 * the session time-out counts as lost here too, because by then the broker may have given the partitions away.
 */
export class GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #handlers: GroupMemberHandlers;
  readonly #stopping = new AbortController();
  /** aborted to cut the wait for the next heartbeat short */
  #waiting = new AbortController();
  #abandoned = false;
  #memberId = '';
  #session: GroupSession | null = null;

  constructor(options: GroupMemberOptions, handlers: GroupMemberHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  /** Stays in the group until `stop`, then leaves it. Rejects with what only a person can repair. */
  async run(): Promise<void> {
    for (;;) {
      const session = await this.#join();
      if (!session) break;
      this.#session = session;
      this.#abandoned = false;
      this.#handlers.assigned(session.partitions);
      const end = await this.#stay(session);
      if (end === 'lost') {
        this.#session = null;
        this.#handlers.lost();
        continue;
      }
      await this.#handOver(session);
      this.#session = null;
      if (end === 'stop') break;
    }
    await this.#leave();
  }

  /** Ends `run` after an orderly hand-over. */
  stop(): void {
    this.#stopping.abort();
    this.#waiting.abort();
  }

  /** The partitions are not what they were: treats them as lost and joins again. */
  abandon(): void {
    this.#abandoned = true;
    this.#waiting.abort();
  }

  /**
   * Commits offsets as a hint for lag figures and for people. Silent when the partitions have gone to somebody else:
   * that is news for `revoke` and `lost`, not for a commit.
   * @throws ReelstreamError `unavailable` when the broker cannot be asked
   */
  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const { clock, logger, topic, groupId } = this.#options;
    const backoff = createBackoff({ minMs: RETRY_MIN_MS, maxMs: RETRY_MAX_MS });
    for (let tries = 1; ; tries++) {
      const session = this.#session;
      const partitions = [...positions]
        .filter(([partition]) => session?.partitions.includes(partition))
        .map(([partition, offset]) => ({ partition, offset: String(offset) }));
      if (!session || partitions.length === 0) return;
      try {
        await session.coordinator.offsetCommit({
          groupId,
          groupGenerationId: session.generationId,
          memberId: session.memberId,
          topics: [{ topic, partitions }],
        });
        return;
      } catch (error) {
        if (isOutOfGroup(error) || isRebalancing(error)) {
          return logger.debug(
            { groupId, error: errorTypeOf(error) },
            'offsets not committed: no longer ours',
          );
        }
        if (isFatal(error) || tries === COMMIT_TRIES) throw toKafkaError(`commit of ${groupId}`, error);
        await clock.sleep(backoff.nextMs(), this.#stopping.signal);
      }
    }
  }

  /** Null when stopped meanwhile. */
  async #join(): Promise<GroupSession | null> {
    const { clock, logger, groupId } = this.#options;
    const backoff = createBackoff({ minMs: RETRY_MIN_MS, maxMs: RETRY_MAX_MS });
    while (!this.#stopping.signal.aborted) {
      try {
        return await joinGroup({
          ...this.#options,
          memberId: this.#memberId,
          nowMs: () => clock.monotonicMs(),
          onMemberId: (memberId) => {
            this.#memberId = memberId;
          },
        });
      } catch (error) {
        if (isFatal(error)) throw toKafkaError(`group ${groupId} cannot be joined`, error);
        if (errorTypeOf(error) === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
        // The group or its coordinator moved on while we were joining. Anything else is an outage and worth a line.
        const isOrdinary = isOutOfGroup(error) || isRebalancing(error) || isMoving(error);
        const log = isOrdinary ? logger.debug : logger.warn;
        log.call(logger, { groupId, error: errorTypeOf(error) }, 'group not joined yet: will try again');
        await clock.sleep(backoff.nextMs(), this.#stopping.signal);
      }
    }
    return null;
  }

  async #stay(session: GroupSession): Promise<SessionEnd> {
    const { clock, heartbeatIntervalMs } = this.#options;
    let waitMs = heartbeatIntervalMs;
    for (;;) {
      this.#waiting = new AbortController();
      // Either may have happened between two waits
      if (this.#stopping.signal.aborted || this.#abandoned) this.#waiting.abort();
      await clock.sleep(waitMs, this.#waiting.signal);
      if (this.#stopping.signal.aborted) return 'stop';
      if (this.#abandoned) return 'lost';
      const answer = await this.#beat(session);
      if (answer === 'rebalance' || answer === 'lost') return answer;
      if (answer === 'alive' && (await this.#hasNewPartitions(session))) return 'rebalance';
      waitMs = answer === 'alive' ? heartbeatIntervalMs : Math.min(heartbeatIntervalMs, RETRY_MIN_MS);
    }
  }

  async #beat(session: GroupSession): Promise<'alive' | 'unanswered' | 'rebalance' | 'lost'> {
    const { clock, groupId, logger } = this.#options;
    const sentAtMs = clock.monotonicMs();
    const { generationId, memberId } = session;
    try {
      const beat = session.coordinator.heartbeat({ groupId, groupGenerationId: generationId, memberId });
      await withDeadline(beat, this.#leftMs(session), clock, 'heartbeat');
      session.seenAtMs = sentAtMs;
      return 'alive';
    } catch (error) {
      if (isRebalancing(error)) {
        session.seenAtMs = sentAtMs;
        return 'rebalance';
      }
      if (isOutOfGroup(error)) {
        if (errorTypeOf(error) === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
        logger.warn(
          { groupId, error: errorTypeOf(error) },
          'no longer a member of the group: will join again',
        );
        return 'lost';
      }
      return this.#seekCoordinator(session, error);
    }
  }

  /** The coordinator moved or does not answer: look for it for as long as the session lasts. */
  async #seekCoordinator(session: GroupSession, reason: unknown): Promise<'unanswered' | 'lost'> {
    const { cluster, clock, groupId, logger, sessionTimeoutMs } = this.#options;
    try {
      const search = cluster.findGroupCoordinator({ groupId });
      session.coordinator = await withDeadline(search, this.#leftMs(session), clock, 'group coordinator');
    } catch (error) {
      logger.debug({ groupId, error: errorTypeOf(error) }, 'group coordinator not found');
    }
    if (this.#leftMs(session) > 0) return 'unanswered';
    logger.warn(
      { groupId, sessionTimeoutMs, error: errorTypeOf(reason) },
      'no heartbeat answered for a whole session: the partitions count as lost',
    );
    return 'lost';
  }

  #leftMs(session: GroupSession): number {
    return session.seenAtMs + this.#options.sessionTimeoutMs - this.#options.clock.monotonicMs();
  }

  /** Partitions that were added to the topic belong to nobody until the group shares out again. */
  async #hasNewPartitions(session: GroupSession): Promise<boolean> {
    const { cluster, topic, logger } = this.#options;
    try {
      await cluster.refreshMetadataIfNecessary();
      return cluster.findTopicPartitionMetadata(topic).length !== session.partitionCount;
    } catch (error) {
      logger.debug({ topic, error: errorTypeOf(error) }, 'topic metadata not refreshed');
      return false;
    }
  }

  /** Heartbeats go on: the hand-over may take longer than the session. */
  async #handOver(session: GroupSession): Promise<void> {
    const { clock, heartbeatIntervalMs, logger, revokeTimeoutMs, groupId } = this.#options;
    const done = new AbortController();
    const keepAlive = async () => {
      for (;;) {
        await clock.sleep(heartbeatIntervalMs, done.signal);
        if (done.signal.aborted || (await this.#beat(session)) === 'lost') return;
      }
    };
    const alive = keepAlive();
    try {
      await withDeadline(this.#handlers.revoke(), revokeTimeoutMs, clock, 'hand-over of partitions');
    } catch (error) {
      logger.warn(
        { groupId, error: String(error) },
        'partitions not handed over in time: leaving them as they are',
      );
    }
    done.abort();
    await alive;
  }

  async #leave(): Promise<void> {
    const { cluster, groupId, logger } = this.#options;
    if (!this.#memberId) return;
    try {
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      await coordinator.leaveGroup({ groupId, memberId: this.#memberId });
    } catch (error) {
      logger.debug(
        { groupId, error: errorTypeOf(error) },
        'group not left: the session will expire by itself',
      );
    }
  }
}
