import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { deadLetterTopic, ratingsTopic, usersTopic } from '../../kafka/topics.ts';
import { sharedKafka } from '../helpers/shared.ts';
import { collect, connectionTo, createTopic, fill, freshName, plainKafka, waitUntil } from './log-fixture.ts';

let brokers: string;
let admin: KafkaAdmin;
beforeAll(async () => {
  brokers = await sharedKafka();
  admin = createKafkaAdmin({ connection: connectionTo(brokers) });
});
afterAll(() => admin?.close());

describe('topics', () => {
  const ours = () => [
    ratingsTopic(freshName('ratings'), 4),
    usersTopic(freshName('users')),
    deadLetterTopic(freshName('dead')),
  ];

  it("creates what is missing, with the broker's time, and finds it as it should be afterwards", async () => {
    const definitions = ours();
    await admin.ensureTopics(definitions.slice(0, 1));
    await admin.ensureTopics(definitions);
    await admin.ensureTopics(definitions);
    expect(await admin.partitionCount(definitions[0]!.name)).toBe(4);
    const plain = plainKafka(brokers).admin();
    await plain.connect();
    const { resources } = await plain.describeConfigs({
      includeSynonyms: false,
      resources: definitions.map(({ name }) => ({ type: 2, name })),
    });
    await plain.disconnect();
    for (const { name, config } of definitions) {
      const entries = resources.find(({ resourceName }) => resourceName === name)!.configEntries;
      const found = entries.map(({ configName, configValue }) => [configName, configValue]);
      expect(Object.fromEntries(found)).toMatchObject(config);
    }
  });

  it('may be created by several processes at once', async () => {
    const definitions = ours();
    const others = [1, 2, 3].map(() => createKafkaAdmin({ connection: connectionTo(brokers) }));
    await Promise.all(others.map((other) => other.ensureTopics(definitions)));
    await Promise.all(others.map((other) => other.close()));
  });

  it("refuses a topic with other partitions or the producers' time, and says how to change it", async () => {
    const name = await createTopic(admin, 2);
    await expect(admin.ensureTopics([ratingsTopic(name, 4)])).rejects.toMatchObject({
      code: 'kafka',
      message: expect.stringContaining('2 partitions'),
    });
    const plain = plainKafka(brokers).admin();
    await plain.connect();
    const stamped = freshName('created');
    await plain.createTopics({ topics: [{ topic: stamped, numPartitions: 4 }] });
    await plain.disconnect();
    await expect(admin.ensureTopics([ratingsTopic(stamped, 4)])).rejects.toMatchObject({
      code: 'kafka',
      message: expect.stringContaining('message.timestamp.type=CreateTime'),
    });
    await expect(admin.partitionCount('nowhere')).rejects.toMatchObject({ code: 'kafka' });
  });

  it("are checked without creating any: the producers' time and compaction are refused, any number of partitions is not", async () => {
    const good = freshName('ratings');
    await admin.ensureTopics([ratingsTopic(good, 2)]);
    await admin.checkTopics([ratingsTopic(good, 4)]);
    const stamped = await createTopic(admin, 1, { 'message.timestamp.type': 'CreateTime' });
    await expect(admin.checkTopics([ratingsTopic(stamped, 1)])).rejects.toMatchObject({
      code: 'kafka',
      message: expect.stringContaining('message.timestamp.type=CreateTime'),
    });
    const compacted = await createTopic(admin, 1, { 'cleanup.policy': 'compact,delete' });
    for (const refused of [
      admin.checkTopics([ratingsTopic(compacted, 1)]),
      admin.ensureTopics([ratingsTopic(compacted, 1)]),
    ]) {
      await expect(refused).rejects.toMatchObject({
        code: 'kafka',
        message: expect.stringContaining('cleanup.policy=compact,delete, needed is delete'),
      });
    }
    const missing = freshName('nowhere');
    await expect(admin.checkTopics([ratingsTopic(missing, 1)])).rejects.toMatchObject({ code: 'kafka' });
    await expect(admin.partitionCount(missing)).rejects.toMatchObject({ code: 'kafka' });
  });
});

describe('looking at a log', () => {
  it('knows the cluster, the bounds and what a group committed', async () => {
    const topic = await createTopic(admin, 2);
    await fill(brokers, topic, 1, 7);
    expect(await admin.clusterId()).toMatch(/^[\w-]{22}$/);
    const plain = plainKafka(brokers).admin();
    await plain.connect();
    // the library looks the leader up in metadata that only this call loads
    await plain.fetchTopicOffsets(topic);
    await plain.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '3' }] });
    await plain.disconnect();
    expect(await admin.bounds(topic)).toEqual(
      new Map([
        [0, { start: 0, end: 0 }],
        [1, { start: 3, end: 7 }],
      ]),
    );
    const group = freshName('group');
    expect(await admin.committed(group, topic)).toEqual(new Map());
    await admin.setCommitted(group, topic, new Map([[1, 5]]));
    expect(await admin.committed(group, topic)).toEqual(new Map([[1, 5]]));
  });

  it('reads one record by its offset, quickly and beside every group', async () => {
    const topic = await createTopic(admin, 1);
    await fill(brokers, topic, 0, 5_000);
    const reading = await collect(brokers, topic, freshName('group'));
    await waitUntil(() => reading.values().length === 5_000, 'the reader');
    await admin.recordAt(topic, 0, 0);
    for (const offset of [0, 1, 999, 1_000, 4_321, 4_999]) {
      const atMs = performance.now();
      const record = await admin.recordAt(topic, 0, offset);
      expect(performance.now() - atMs).toBeLessThan(500);
      expect([record?.offset, record?.value?.toString()]).toEqual([offset, String(offset)]);
    }
    for (const offset of [5_000, 5_001, 1e12]) expect(await admin.recordAt(topic, 0, offset)).toBeNull();
    expect(reading.log).toEqual(['assigned 0']);
    await reading.reader.stop();
  });

  it('sees partitions as soon as they are added, and forgets a topic that was deleted', async () => {
    const [kept, deleted] = [await createTopic(admin), await createTopic(admin)];
    const group = freshName('group');
    const lookAt = async (topic: string) => {
      const bounds = await admin.bounds(topic);
      await admin.committed(group, topic);
      await admin.recordAt(topic, 0, 0);
      return bounds.size;
    };
    await lookAt(kept);
    await lookAt(deleted);
    const plain = plainKafka(brokers).admin();
    await plain.connect();
    await plain.createPartitions({ topicPartitions: [{ topic: kept, count: 3 }] });
    await plain.deleteTopics({ topics: [deleted] });
    await waitUntil(async () => !(await plain.listTopics()).includes(deleted), 'the topic is gone');
    expect(await lookAt(kept)).toBe(3);
    await expect(lookAt(deleted)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await lookAt(kept)).toBe(3);
    await admin.ensureTopics([{ name: deleted, partitions: 2, config: {} }]);
    await fill(brokers, deleted, 1, 5);
    expect((await admin.bounds(deleted)).get(1)).toEqual({ start: 0, end: 5 });
    await plain.disconnect();
  });
});
