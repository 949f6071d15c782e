import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../clickhouse/audit.ts';
import { takeEpoch } from '../../clickhouse/fence.ts';
import type { SinkStore } from '../../clickhouse/sink-store.ts';
import { readStreams } from '../../clickhouse/slots.ts';
import { lastRows } from '../../clickhouse/standing.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { startSabotagedSink } from '../helpers/in-process-sink.ts';
import { openSharedPipeline, type SharedPipeline } from '../helpers/pipeline.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** Each breaks one rule of the protocol. If the checks stayed green here, they would prove nothing elsewhere. */
let world: SharedPipeline;
const named = (name: string) => world.environment[`REELSTREAM_${name}`]!;
beforeEach(async () => {
  world = await openSharedPipeline();
}, 120_000);
afterEach(() => world?.remove(), 60_000);

const EVENTS = 6_000;

describe('a sink that breaks a rule is found out', () => {
  it('when it takes its position from Kafka instead of the tables', async () => {
    await produce();
    const first = await startSabotagedSink(world, (store) => store);
    await untilRows(EVENTS);
    await first.stop();
    await rewindCommit();
    const second = await startSabotagedSink(world, fromKafkasCommit);
    await waitUntil('the sink has taken records again', 60_000, async () => (await rows()) > EVENTS);
    await second.stop();
    const doubled = await world.count('SELECT count() - uniqExact(slot, kafka_offset) FROM events_raw');
    expect(doubled).toBeGreaterThan(0);
    expect((await auditNow()).exact).toBe(false);
  });

  it('when it goes on after a crash without recovering', async () => {
    await produce();
    const first = await startSabotagedSink(world, (store) => store);
    await untilRows(EVENTS);
    await first.stop();
    await loseOneAggregate();
    expect((await auditNow()).exact, 'the audit recovers what it looks at').toBe(true);
    await produce();
    const second = await startSabotagedSink(world, withoutRecovery);
    await untilRows(2 * EVENTS);
    await second.stop();
    const report = await auditNow();
    expect(report.exact).toBe(false);
    expect(report.tables.find(({ table }) => table === 'user_ratings')?.differing).toBeGreaterThan(0);
  });

  it('and the real one is not', async () => {
    await produce();
    const first = await startSabotagedSink(world, (store) => store);
    await untilRows(EVENTS);
    await first.stop();
    await loseOneAggregate();
    await rewindCommit();
    await produce();
    const second = await startSabotagedSink(world, (store) => store);
    await untilRows(2 * EVENTS);
    await second.stop();
    expect(await rows()).toBe(2 * EVENTS);
    expect((await auditNow()).exact).toBe(true);
  });
});

/** What a crash before an aggregate's first rename leaves: raw has rows that the aggregate lacks. */
async function loseOneAggregate(): Promise<void> {
  const partitions = await world.db.query<{ id: string }>(
    "SELECT DISTINCT partition_id AS id FROM system.parts WHERE active AND database = currentDatabase() AND table = 'user_ratings'",
  );
  for (const { id } of partitions)
    await world.db.command(`ALTER TABLE user_ratings DROP PARTITION ID '${id}'`);
}

/** As fast as this machine can; how fast that is does not matter here. */
async function produce(): Promise<void> {
  await world.run(['produce', '--count', String(EVENTS), '--rate', '20000', '--min-achieved', '0']);
}

const rows = () => world.count('SELECT count() FROM events_raw');

async function untilRows(count: number): Promise<void> {
  await waitUntil(`${count} rows`, 60_000, async () => (await rows()) >= count);
}

async function auditNow() {
  return audit(
    world.db,
    (await readStreams(world.db)).map(({ slot }) => slot),
  );
}

/** As after a commit that got lost, or an operator's reset. */
async function rewindCommit(): Promise<void> {
  const admin = createKafkaAdmin({ connection: { brokers: [named('KAFKA_BROKERS')], clientId: 'test' } });
  try {
    const bounds = await admin.bounds(named('RATINGS_TOPIC'));
    await admin.setCommitted(
      named('SINK_GROUP'),
      named('RATINGS_TOPIC'),
      new Map([...bounds].map(([partition, { end }]) => [partition, Math.floor(end / 2)])),
    );
  } finally {
    await admin.close();
  }
}

function fromKafkasCommit(store: SinkStore): SinkStore {
  return {
    ...store,
    async claim(slots, beat) {
      const admin = createKafkaAdmin({ connection: { brokers: [named('KAFKA_BROKERS')], clientId: 'test' } });
      const committed = await admin.committed(named('SINK_GROUP'), named('RATINGS_TOPIC'));
      await admin.close();
      const claimed = await store.claim(slots, beat);
      return claimed.map((one) => ({
        ...one,
        nextOffset: committed.get(one.partition) ?? one.nextOffset,
        last: null,
      }));
    },
  };
}

function withoutRecovery(store: SinkStore): SinkStore {
  return {
    ...store,
    async claim(slots) {
      const epoch = await takeEpoch(world.db, slots);
      const last = await lastRows(world.db, 'events_raw', slots);
      return slots.map((slot) => {
        const row = last.get(slot) ?? null;
        return { slot, partition: slot, epoch, nextOffset: row && row.offset + 1, last: row, repairs: [] };
      });
    },
  };
}
