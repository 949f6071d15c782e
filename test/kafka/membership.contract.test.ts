import { AssignerProtocol } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { openCluster } from '../../kafka/kafkajs-client.ts';
import type { Fetch } from '../../kafka/log-reader.ts';
import { sharedKafka } from '../helpers/shared.ts';
import {
  type Collected,
  collect,
  connectionTo,
  createTopic,
  expectContiguous,
  fill,
  freshName,
  plainKafka,
  range,
  SESSION_TIMEOUT_MS,
  waitUntil,
} from './log-fixture.ts';

let brokers: string;
let admin: KafkaAdmin;
beforeAll(async () => {
  brokers = await sharedKafka();
  admin = createKafkaAdmin({ connection: connectionTo(brokers) });
});
afterAll(() => admin?.close());

const stopAll = (readers: readonly Collected[]) => Promise.all(readers.map(({ reader }) => reader.stop()));

/** Without heartbeats the member would be gone. */
const LONGER_THAN_A_SESSION_MS = SESSION_TIMEOUT_MS + 1_000;

// Side by side: they wait more than they work, each in its own topic and group
describe.concurrent('membership', () => {
  it('lasts while every partition is paused, while a handler waits and while it hands over', async () => {
    const topic = await createTopic(admin, 4);
    await fill(brokers, topic, 0, 100);
    const paused = await collect(brokers, topic, freshName('group'), { startAt: () => undefined });
    const atMs = performance.now();
    const waitedLong = () => performance.now() - atMs > LONGER_THAN_A_SESSION_MS;
    const waiting = await collect(brokers, topic, freshName('group'), {
      onFetch: () => waitUntil(waitedLong, 'the long wait'),
    });
    const handingOver = await collect(brokers, topic, freshName('group'), {
      onRevoked: () => waitUntil(waitedLong, 'the long wait'),
    });
    await waitUntil(() => handingOver.values().length === 100, 'records');
    const stopped = handingOver.reader.stop();
    await waitUntil(waitedLong, 'the long wait');
    await stopped;
    await paused.reader.commit(new Map([[0, 1]]));
    paused.reader.seek(0, 0);
    paused.reader.resume([0]);
    await waitUntil(() => paused.values().length === 100, 'the paused one goes on');
    expect(paused.log).toEqual(['assigned 0,1,2,3']);
    expect(waiting.log).toEqual(['assigned 0,1,2,3']);
    expect(handingOver.log).toEqual(['assigned 0,1,2,3', 'revoked 0,1,2,3']);
    await stopAll([paused, waiting]);
  });

  it('hands over before the next member reads, even when that takes longer than a session', async () => {
    const topic = await createTopic(admin, 2);
    const group = freshName('group');
    let handedOver = false;
    const first = await collect(brokers, topic, group, {
      async onRevoked() {
        if (handedOver) return;
        const atMs = performance.now();
        await waitUntil(() => performance.now() - atMs > LONGER_THAN_A_SESSION_MS, 'a slow hand-over');
        await first.reader.commit(new Map([[0, 5]]));
        handedOver = true;
      },
    });
    await waitUntil(() => first.owned.length === 2, 'first assignment');
    const second = await collect(brokers, topic, group);
    await waitUntil(() => second.log.length > 0, 'shared out');
    expect(handedOver).toBe(true);
    await waitUntil(() => first.owned.length === 1, 'the other half');
    expect(await admin.committed(group, topic)).toEqual(new Map([[0, 5]]));
    expect([...first.owned, ...second.owned].sort()).toEqual([0, 1]);
    await stopAll([second]);
    await waitUntil(() => first.owned.length === 2, 'both back');
    await stopAll([first]);
  });

  it('does not wait for ever for a hand-over that hangs', async () => {
    const topic = await createTopic(admin, 2);
    const group = freshName('group');
    const hanging = await collect(brokers, topic, group, {
      revokeTimeoutMs: 500,
      stopTimeoutMs: 3_000,
      onRevoked: () => new Promise(() => {}),
    });
    await waitUntil(() => hanging.owned.length === 2, 'assignment');
    const other = await collect(brokers, topic, group);
    await waitUntil(() => other.owned.length === 1, 'a share for the other', 5_000);
    const atMs = performance.now();
    await hanging.reader.stop();
    expect(performance.now() - atMs).toBeLessThan(4_000);
    await stopAll([other]);
  });

  it('notices partitions that are added', async () => {
    const topic = await createTopic(admin, 1);
    const collected = await collect(brokers, topic, freshName('group'), { metadataMaxAgeMs: 300 });
    await waitUntil(() => collected.owned.length === 1, 'assignment');
    const plain = plainKafka(brokers).admin();
    await plain.connect();
    await plain.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await plain.disconnect();
    await waitUntil(() => collected.owned.length === 3, 'the new partitions');
    expect(collected.log).toEqual(['assigned 0', 'revoked 0', 'assigned 0,1,2']);
    await stopAll([collected]);
  });

  it('survives a storm: three members join and leave, each ownership is one seamless run', async () => {
    const topic = await createTopic(admin, 6);
    const group = freshName('group');
    const total = 3_000;
    for (const partition of range(0, 6)) await fill(brokers, topic, partition, total, { batch: 50 });
    // What a sink's tables would say: positions move only while the partition is owned
    const positions = new Map<number, number>();
    const runs: { partition: number; start: number; fetches: Fetch[] }[] = [];
    const seen = new Map<number, number[]>(range(0, 6).map((partition) => [partition, []]));
    const join = async (): Promise<Collected> => {
      const current = new Map<number, Fetch[]>();
      return collect(brokers, topic, group, {
        maxBytesPerPartition: 3_000,
        startAt(partition) {
          const start = positions.get(partition) ?? 0;
          const fetches: Fetch[] = [];
          runs.push({ partition, start, fetches });
          current.set(partition, fetches);
          return start;
        },
        async onRevoked() {
          current.clear();
        },
        async onFetch(fetch) {
          const run = current.get(fetch.partition);
          if (!run) throw new Error('delivered without ownership');
          run.push(fetch);
          seen.get(fetch.partition)!.push(...fetch.records.map(({ offset }) => offset));
          positions.set(fetch.partition, fetch.nextPosition);
          await new Promise((resolve) => setTimeout(resolve, 2));
        },
      });
    };
    const members = [await join()];
    for (const change of ['join', 'join', 'leave', 'join', 'leave', 'leave', 'join', 'join'] as const) {
      const before = runs.reduce((sum, { fetches }) => sum + fetches.length, 0);
      if (change === 'join') members.push(await join());
      else await members.shift()!.reader.stop();
      await waitUntil(
        () => runs.reduce((sum, { fetches }) => sum + fetches.length, 0) > before + 3,
        'progress',
      );
    }
    await waitUntil(() => [...seen.values()].every((offsets) => offsets.length >= total), 'all records');
    await stopAll(members);
    for (const offsets of seen.values()) expect(offsets).toEqual(range(0, total));
    for (const { start, fetches } of runs) expectContiguous(fetches, start);
    expect(members.flatMap(({ fatal }) => fatal)).toEqual([]);
  });

  it('ends loudly when it can never become a member', async () => {
    const topic = await createTopic(admin, 1);
    const group = freshName('group');
    const other = plainKafka(brokers).consumer({
      groupId: group,
      maxWaitTimeInMs: 100,
      partitionAssigners: [
        () => ({
          name: 'AnotherProtocol',
          version: 0,
          assign: async () => [],
          protocol: ({ topics }) => ({
            name: 'AnotherProtocol',
            metadata: AssignerProtocol.MemberMetadata.encode({
              version: 0,
              topics,
              userData: Buffer.alloc(0),
            }),
          }),
        }),
      ],
    });
    await other.connect();
    await other.subscribe({ topic });
    const joined = new Promise<void>((resolve) => other.on('consumer.group_join', () => resolve()));
    await other.run({ eachMessage: async () => {} });
    await joined;
    const collected = await collect(brokers, topic, group);
    await waitUntil(() => collected.fatal.length === 1, 'the end');
    expect(collected.fatal[0]).toMatchObject({ code: 'kafka', retryable: false });
    await other.disconnect();
    await stopAll([collected]);
  });

  it('forgets partitions when the session is lost, joins again and goes on', async () => {
    const topic = await createTopic(admin, 2);
    const group = freshName('group');
    await fill(brokers, topic, 0, 10);
    const collected = await collect(brokers, topic, group);
    await waitUntil(() => collected.values().length === 10, 'records');
    // As an operator would throw a member out: the broker forgets it, the member finds out by its heartbeat
    const plain = plainKafka(brokers).admin();
    await plain.connect();
    const { groups } = await plain.describeGroups([group]);
    await throwOut(group, groups[0]!.members.map(({ memberId }) => memberId)[0]!);
    await plain.disconnect();
    await waitUntil(() => collected.log.length === 3, 'joined again');
    expect(collected.log).toEqual(['assigned 0,1', 'lost 0,1', 'assigned 0,1']);
    await waitUntil(() => collected.values().length === 20, 'records again');
    await stopAll([collected]);
  });
});

describe.concurrent('a topic that is made anew', () => {
  it('is another log: its partitions are lost and assigned again, nothing is read on from the old position', async () => {
    const topic = await createTopic(admin);
    await fill(brokers, topic, 0, 100);
    let collectedOnce = false;
    const collected = await collect(brokers, topic, freshName('group'), {
      startAt: () => (collectedOnce ? undefined : 0),
    });
    await waitUntil(() => collected.values().length === 100, 'records');
    collectedOnce = true;
    const plain = plainKafka(brokers).admin();
    await plain.connect();
    await plain.deleteTopics({ topics: [topic] });
    await waitUntil(() => collected.log.length === 2, 'the loss');
    await admin.ensureTopics([
      { name: topic, partitions: 1, config: { 'message.timestamp.type': 'LogAppendTime' } },
    ]);
    await plain.disconnect();
    await fill(brokers, topic, 0, 200, { first: 500 });
    await waitUntil(() => collected.log.length === 3, 'the new assignment', 30_000);
    expect(collected.log).toEqual(['assigned 0', 'lost 0', 'assigned 0']);
    expect(collected.values()).toEqual(range(0, 100));
    await stopAll([collected]);
  });
});

async function throwOut(groupId: string, memberId: string): Promise<void> {
  const cluster = openCluster(plainKafka(brokers));
  await cluster.connect();
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  await coordinator.leaveGroup({ groupId, memberId });
  await cluster.disconnect();
}
