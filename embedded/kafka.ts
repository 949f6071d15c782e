import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { javaArguments, javaLogging } from './java.ts';
import { askBrokerCount } from './kafka-probe.ts';
import { LOOPBACK } from './supervisor/ports.ts';
import type { ProcessSpec } from './supervisor/process-spec.ts';

export interface KafkaOptions {
  /** Kafka's jars */
  readonly jarFolder: string;
  readonly javaCommand: string;
  /** the log's folder; formatted on first use, kept afterwards */
  readonly dataFolder: string;
  /** generated configuration */
  readonly configFolder: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly maxHeapMb: number;
}

/** One broker that is its own controller (KRaft), on loopback, with every internal topic sized for one node. */
export function createKafkaSpec(options: KafkaOptions): ProcessSpec {
  const configFile = join(options.configFolder, 'kafka.properties');
  const logging = javaLogging(options.configFolder, 'kafka');
  const java = (mainClass: string, ...args: string[]) => [
    ...javaArguments(options.maxHeapMb),
    logging.argument,
    '-cp',
    join(options.jarFolder, '*'),
    mainClass,
    ...args,
  ];
  return {
    name: 'kafka',
    command: options.javaCommand,
    args: java('kafka.Kafka', configFile),
    cwd: options.configFolder,
    env: {},
    after: [],
    ports: [
      { port: options.port, setting: 'REELSTREAM_KAFKA_PORT' },
      { port: options.controllerPort, setting: 'REELSTREAM_KAFKA_CONTROLLER_PORT' },
    ],
    files: [logging.file, { path: configFile, content: brokerProperties(options) }],
    async prepare() {
      mkdirSync(options.dataFolder, { recursive: true });
      if (existsSync(join(options.dataFolder, 'meta.properties'))) return;
      const format = java('kafka.tools.StorageTool', 'format', '-t', randomClusterId(), '-c', configFile);
      await promisify(execFile)(options.javaCommand, format, { timeout: 60_000 });
    },
    isReady: async () => (await askBrokerCount(options.port, 2_000)) > 0,
    readyDeadlineMs: 60_000,
    stopDeadlineMs: 20_000,
    optional: false,
  };
}

/** The broker's settings; what is not named here is Kafka's default. */
export function brokerProperties(options: KafkaOptions): string {
  const client = `${LOOPBACK}:${options.port}`;
  const controller = `${LOOPBACK}:${options.controllerPort}`;
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${client},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://${client}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': options.dataFolder,
    // A mistyped topic name must fail, not become a topic with the wrong number of partitions
    'auto.create.topics.enable': false,
    // A deleted topic is re-made under the same name by people; allowed, and noticed by the topic's id
    'delete.topic.enable': true,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 4,
    // Long enough to rebuild every table from the log after a holiday; size is not bounded
    'log.retention.hours': 720,
    // Committed positions outlive a stack that was switched off for as long as the records do
    'offsets.retention.minutes': 43_200,
    // The default waits 3 s for more members before the first assignment; here nobody else comes
    'group.initial.rebalance.delay.ms': 100,
    // After a kill the broker is refused until its former self has timed out; the default of 9 s delays every such start
    'broker.session.timeout.ms': 4_000,
    'broker.heartbeat.interval.ms': 1_000,
    // The default reserves 128 MB of a heap that is hardly larger
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 2,
  };
  return `${Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}

/** Sixteen random bytes the way Kafka writes an id; a leading dash would be read as an option by its tools. */
function randomClusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
