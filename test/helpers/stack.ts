import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createKafkaSpec } from '../../embedded/kafka.ts';
import { findMonitoringPrograms } from '../../embedded/monitoring-programs.ts';
import { createPrometheusSpec, type ScrapeTarget } from '../../embedded/prometheus.ts';
import { createRegistrySpec, registryUrl } from '../../embedded/registry.ts';
import {
  type RunningChild,
  spawnChild,
  stopProcess,
  waitUntilReady,
} from '../../embedded/supervisor/child-process.ts';
import { findLeftovers, stopRecorded } from '../../embedded/supervisor/leftovers.ts';
import { findFreePort, findFreePorts } from '../../embedded/supervisor/ports.ts';
import { type ProcessIdentity, signalGroup } from '../../embedded/supervisor/process-identity.ts';
import type { ProcessSpec } from '../../embedded/supervisor/process-spec.ts';
import { removeRunRecord, writeRunRecord } from '../../embedded/supervisor/run-record.ts';
import { recordOf } from '../../embedded/supervisor/supervised-process.ts';

export const JAVA_FOLDER = resolve(import.meta.dirname, '../../.reelstream/vendor/java');

const MONITORING_FOLDER = resolve(import.meta.dirname, '../../.reelstream/vendor/monitoring');

/** A process of a test: on a free port, over a folder of its own, gone when the test's process is. */
export interface TestProcess {
  readonly pid: number;
  readonly logFile: string;
  /** ends it as an operator would; keeps the data */
  stop(): Promise<void>;
  /** SIGKILL, returns when it is gone; keeps the data */
  kill(): Promise<void>;
  /** starts it again after stop or kill, on the same port and data, and waits until it answers */
  start(): Promise<void>;
  /** freezes it (SIGSTOP): connections stay open and nobody answers */
  pause(): void;
  resume(): void;
  /** stops it and deletes its folder */
  remove(): Promise<void>;
}

export interface TestKafka extends TestProcess {
  /** `host:port` for any client */
  readonly brokers: string;
}

export interface TestRegistry extends TestProcess {
  /** base address of the Confluent API */
  readonly url: string;
}

export interface TestKafkaOptions {
  /** default 256 */
  readonly maxHeapMb?: number;
  /** fixed instead of free ports: for a broker that must be reached at a known address */
  readonly port?: number;
}

/** A real broker without topics (none is created by itself either). About 2.5 s. Call `remove()` in afterAll. */
export async function startTestKafka(options: TestKafkaOptions = {}): Promise<TestKafka> {
  requireVendor();
  const folder = mkdtempSync(join(tmpdir(), 'reelstream-kafka-'));
  const [freePort, controllerPort] = await findFreePorts(2);
  const port = options.port ?? freePort!;
  const spec = createKafkaSpec({
    jarFolder: join(JAVA_FOLDER, 'kafka'),
    javaCommand: 'java',
    dataFolder: join(folder, 'data'),
    configFolder: join(folder, 'config'),
    port,
    controllerPort: controllerPort!,
    maxHeapMb: options.maxHeapMb ?? 256,
  });
  const configFile = join(folder, 'config', 'kafka.properties');
  const forTests: ProcessSpec = {
    ...spec,
    args: [...SHORT_LIVED, ...spec.args],
    async prepare() {
      await spec.prepare();
      appendFileSync(configFile, `group.min.session.timeout.ms=${MIN_SESSION_TIMEOUT_MS}\n`);
    },
  };
  return Object.assign(await runSpec(forTests, folder), { brokers: `127.0.0.1:${port}` });
}

/** A process that lives for a minute never earns the second compiler's time, which others here need. */
const SHORT_LIVED = ['-XX:TieredStopAtLevel=1'];

/** The default of 6 s makes every test of a lost membership wait for it. */
const MIN_SESSION_TIMEOUT_MS = 1_000;

/** A real schema registry that stores in the given Kafka. About 3 s. Call `remove()` in afterAll, before Kafka's. */
export async function startTestRegistry(brokers: string): Promise<TestRegistry> {
  requireVendor();
  const folder = mkdtempSync(join(tmpdir(), 'reelstream-registry-'));
  const port = await findFreePort();
  const spec = createRegistrySpec({
    registryFolder: join(JAVA_FOLDER, 'registry'),
    javaCommand: 'java',
    port,
    brokers,
    maxHeapMb: 128,
  });
  return Object.assign(await runSpec(spec, folder), { url: registryUrl(port) });
}

/** A real Prometheus that scrapes every second. Call `remove()` in afterAll. */
export async function startTestPrometheus(
  port: number,
  targets: readonly ScrapeTarget[],
): Promise<TestProcess> {
  const { prometheus, webAssets } = findMonitoringPrograms(process.env.PATH ?? '', MONITORING_FOLDER);
  if (prometheus === null) throw new Error('no prometheus: run node scripts/setup.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'reelstream-prometheus-'));
  const spec = createPrometheusSpec({
    program: prometheus,
    webAssets,
    configFolder: join(folder, 'config'),
    dataFolder: join(folder, 'data'),
    port,
    targets,
    ruleFiles: [],
    scrapeIntervalSeconds: 1,
    alertmanagerPort: null,
  });
  return runSpec(spec, folder);
}

/** Records of what tests run, so that the next test run ends what a killed one left behind. */
const RECORDS = join(tmpdir(), 'reelstream-tests');

/** Runs any spec for a test, with its log in the folder. */
export async function runSpec(spec: ProcessSpec, folder: string): Promise<TestProcess> {
  await stopRecorded(RECORDS, findLeftovers(RECORDS), () => {});
  const recorded = { ...spec, name: `${spec.name}-${spec.ports[0]?.port}` };
  const logFile = join(folder, `${spec.name}.log`);
  let child: RunningChild | null = null;
  const alive = () => {
    if (!child) throw new Error(`${spec.name} is not running`);
    return child;
  };
  const end = async (stopDeadlineMs: number) => {
    if (child) await stopProcess(child.identity, stopDeadlineMs);
    removeRunRecord(RECORDS, recorded.name);
    child = null;
  };
  const start = async () => {
    if (child) throw new Error(`${spec.name} is running already`);
    const onSpawned = (identity: ProcessIdentity) =>
      writeRunRecord(RECORDS, recordOf(recorded, identity, logFile));
    child = await spawnChild(spec, { logFile, environment: process.env, onSpawned });
    await waitUntilReady(spec, child, logFile);
  };
  process.once('exit', () => {
    if (child) signalGroup(child.identity, 'SIGKILL');
  });
  await start().catch(async (error: unknown) => {
    await end(0);
    throw error;
  });
  return {
    get pid() {
      return alive().identity.pid;
    },
    logFile,
    start,
    stop: () => end(spec.stopDeadlineMs),
    kill: () => {
      signalGroup(alive().identity, 'SIGKILL');
      return end(0);
    },
    pause: () => void signalGroup(alive().identity, 'SIGSTOP'),
    resume: () => void signalGroup(alive().identity, 'SIGCONT'),
    async remove() {
      // its data goes with it: an orderly stop would only take longer
      if (child) signalGroup(child.identity, 'SIGKILL');
      await end(0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function requireVendor(): void {
  if (!existsSync(JAVA_FOLDER)) throw new Error(`no ${JAVA_FOLDER}: run node scripts/setup.mjs`);
}
