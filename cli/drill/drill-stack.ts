import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { PROFILES } from '../../dashboards/rules/profile.ts';
import { ruleFile } from '../../dashboards/rules/rule-file.ts';
import type { StackPlan } from '../../embedded/stack-plan.ts';
import { findFreePorts, LOOPBACK } from '../../embedded/supervisor/ports.ts';
import { type ProcessIdentity, signalGroup } from '../../embedded/supervisor/process-identity.ts';
import type { ProcessSpec } from '../../embedded/supervisor/process-spec.ts';
import { readRunRecords, removeRunRecord } from '../../embedded/supervisor/run-record.ts';
import { type Supervisor, takeStack } from '../../embedded/supervisor/supervisor.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import { noEnvFile, readEnvironment, withoutSettings } from '../../runtime/environment.ts';
import { readSettings, type Settings } from '../../runtime/settings.ts';
import { describeStackEvent, stackPlan } from '../stack.ts';
import { prepareStores } from '../start/prepare.ts';
import { recommenderSpec, reconcilerSpec, servicesOf, sinkSpec } from '../start/services.ts';
import { clickHouseFrom, kafkaAdminFrom } from '../wiring.ts';
import { closeAll } from './close-all.ts';
import { type FaultDoor, openFaultDoor } from './door.ts';
import { DRILL_PORTS, DRILL_RATE, drillEnvironment } from './drill-settings.ts';
import type { Receiver } from './receiver.ts';
import { rulesWithout } from './rules-but-one.ts';

export type ServiceName = 'sink' | 'recommender' | 'reconciler' | 'producer';

/** A whole pipeline that may be broken: temporary, on free ports, with doors where a fault needs one. */
export interface DrillStack {
  readonly settings: Settings;
  readonly clickhouse: ClickHouse;
  readonly admin: KafkaAdmin;
  /** between the sink and ClickHouse, the sink and the registry, the recommender and the registry */
  readonly doors: Readonly<
    Record<'sinkToClickHouse' | 'sinkToRegistry' | 'recommenderToRegistry', FaultDoor>
  >;
  /** aborted: no fault is waited for any more */
  readonly halt: AbortSignal;
  /** to a process and its children */
  signal(name: ServiceName, signal: NodeJS.Signals): void;
  /** a service that was killed */
  restart(name: ServiceName): Promise<void>;
  stop(): Promise<void>;
}

export interface DrillStackOptions {
  readonly receiver: Receiver;
  /** an alert that is left out of the rules: the drill must then fail */
  readonly withoutAlert: string | null;
  /** aborted: what is not there yet is given up */
  readonly stop: AbortSignal;
  /** rejects when not even that is waited for */
  readonly broken: Promise<never>;
  say(line: string): void;
}

/** @throws ReelstreamError `unavailable` without Prometheus and Alertmanager, or when a part does not start */
export async function startDrillStack(options: DrillStackOptions): Promise<DrillStack> {
  const home = mkdtempSync(join(tmpdir(), 'reelstream-drill-'));
  const closers: (() => unknown)[] = [() => rmSync(home, { recursive: true, force: true })];
  const stop = () => closeAll(closers);
  try {
    return await Promise.race([open(home, options, closers, stop), options.broken]);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function open(
  home: string,
  { receiver, withoutAlert, stop: signal, say }: DrillStackOptions,
  closers: (() => unknown)[],
  stop: () => Promise<void>,
): Promise<DrillStack> {
  const ports = await findFreePorts(DRILL_PORTS);
  const own = drillEnvironment({
    home,
    ports,
    webhookUrl: receiver.url,
    heartbeatUrl: receiver.heartbeatUrl,
  });
  const environment = { ...withoutSettings(readEnvironment()), ...own, ...noEnvFile };
  const settings = readSettings(own);
  const plan = withoutRule(stackPlan(settings), home, withoutAlert);
  if (plan.missing.length > 0) {
    throw new ReelstreamError('unavailable', `a drill needs ${plan.missing.join(' and ')}`, {
      retryable: false,
    });
  }
  const clickhouse = clickHouseFrom(settings);
  const admin = kafkaAdminFrom(settings, 'reelstream-drill');
  closers.push(() => Promise.allSettled([clickhouse.close(), admin.close()]));
  const door = async (port: number) => {
    const opened = await openFaultDoor(port);
    closers.push(() => opened.close());
    return opened;
  };
  const doors = {
    sinkToClickHouse: await door(settings.REELSTREAM_CLICKHOUSE_PORT),
    sinkToRegistry: await door(settings.REELSTREAM_REGISTRY_PORT),
    recommenderToRegistry: await door(settings.REELSTREAM_REGISTRY_PORT),
  };
  const stack = await takeStack({
    home,
    environment,
    purpose: 'supervise',
    signal,
    onEvent: (event) => {
      if (event.kind !== 'starting' && event.kind !== 'stopped') say(describeStackEvent(event));
    },
  });
  closers.push(() => stack.stop());
  const specs = serviceSpecs(settings, doors);
  await stack.start(plan.specs, Object.values(specs));
  await prepareStores(settings, clickhouse, admin, say);
  await stack.start([specs.sink, specs.recommender]);
  await stack.start([specs.producer, specs.reconciler]);
  return {
    settings,
    clickhouse,
    admin,
    doors,
    halt: signal,
    signal: (name, what) => void signalGroup(identityOf(home, name), what),
    restart: (name) => restart(stack, home, specs[name]),
    stop,
  };
}

/** The services of `start`, each by the doors that its faults need. */
function serviceSpecs(
  settings: Settings,
  { sinkToClickHouse, sinkToRegistry, recommenderToRegistry }: DrillStack['doors'],
): Record<ServiceName, ProcessSpec> {
  const registryAt = ({ port }: FaultDoor) =>
    settings.REELSTREAM_REGISTRY_URL.replace(`:${settings.REELSTREAM_REGISTRY_PORT}`, `:${port}`);
  const sink = sinkSpec(settings);
  const recommender = recommenderSpec(settings);
  const { producer } = servicesOf(settings, DRILL_RATE);
  return {
    sink: {
      ...sink,
      env: {
        ...sink.env,
        REELSTREAM_CLICKHOUSE_URL: `http://${LOOPBACK}:${sinkToClickHouse.port}`,
        REELSTREAM_REGISTRY_URL: registryAt(sinkToRegistry),
      },
    },
    recommender: {
      ...recommender,
      env: { ...recommender.env, REELSTREAM_REGISTRY_URL: registryAt(recommenderToRegistry) },
    },
    reconciler: reconcilerSpec(settings),
    producer: {
      ...producer,
      // no history: the model is to have learned a little, not everything; what is too late is left out, as a source
      // without a memory would
      args: [
        ...producer.args.slice(0, 1),
        ...['produce', '--rate', String(DRILL_RATE), '--overload', 'drop', '--drop-after', '50ms'],
      ],
    },
  };
}

function identityOf(home: string, name: ServiceName): ProcessIdentity {
  const found = readRunRecords(home).find((record) => record.name === name);
  if (!found) throw new ReelstreamError('unavailable', `${name} does not run`);
  return found;
}

async function restart(stack: Supervisor, home: string, spec: ProcessSpec): Promise<void> {
  // of the one that was killed: it would be taken for one that runs
  removeRunRecord(home, spec.name);
  await stack.start([spec]);
}

/** The same rules but one. */
function withoutRule(plan: StackPlan, home: string, alert: string | null): StackPlan {
  if (alert === null) return plan;
  const file = join(home, 'rules-but-one.yml');
  writeFileSync(file, JSON.stringify(ruleFile(PROFILES.demo, rulesWithout(PROFILES.demo, alert))));
  const specs = plan.specs.map((spec) =>
    spec.name !== 'prometheus'
      ? spec
      : {
          ...spec,
          files: spec.files.map(({ path, content }) => ({
            path,
            content: JSON.stringify({ ...(JSON.parse(content) as object), rule_files: [file] }),
          })),
        },
  );
  return { ...plan, specs };
}
