import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertmanagerConfigFrom } from '../../cli/alerting.ts';
import { readSettings } from '../../runtime/settings.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { alertmanager, alertmanagerFolder } from './promtool.ts';
import { GROUPS, TOPIC } from './world.ts';

type Labels = Readonly<Record<string, string>>;

let folder: string;
let url: string;
let child: ChildProcess;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-inhibition-'));
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(alertmanagerConfigFrom(readSettings({}))));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const args = [
    `--config.file=${join(folder, 'config.yml')}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ];
  child = spawn(alertmanager!, args, { cwd: alertmanagerFolder ?? folder, stdio: 'ignore' });
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
  await waitUntil('Alertmanager answers', 20_000, isReady);
});
afterAll(async () => {
  child.kill('SIGTERM');
  await once(child, 'exit');
  rmSync(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Makes these the only ones that fire; the names of those that are told. */
async function told(alerts: readonly Labels[]): Promise<string[]> {
  const post = async (labels: readonly Labels[], endsAt: Date) => {
    const body = JSON.stringify(labels.map((one) => ({ labels: one, endsAt })));
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers, body })).status).toBe(200);
  };
  const standing = async () =>
    (await (await fetch(`${url}/api/v2/alerts`)).json()) as {
      labels: Labels;
      status: { state: string; inhibitedBy: string[] };
    }[];
  await post(
    (await standing()).map(({ labels }) => labels),
    new Date(Date.now() - 1_000),
  );
  await waitUntil('older alerts are resolved', 10_000, async () => (await standing()).length === 0);
  await post(alerts, new Date(Date.now() + 60_000));
  const isKnown = async () => (await standing()).length === alerts.length;
  await waitUntil('all alerts stand', 10_000, isKnown);
  // causes come into force as they are read from a queue
  let names: string[] = [];
  let looks = 0;
  const isSettled = async () => {
    const free = (await standing()).filter(({ status }) => status.inhibitedBy.length === 0);
    const now = free.map(({ labels }) => labels.alertname!).sort();
    looks = now.join() === names.join() ? looks + 1 : 0;
    names = now;
    return looks >= 5;
  };
  await waitUntil('the same ones stay', 10_000, isSettled);
  return names;
}

const stream = (group: string): Labels => ({ topic: TOPIC, group });
const page = (alertname: string, labels: Labels = {}): Labels => ({ alertname, severity: 'page', ...labels });
const ticket = (alertname: string, labels: Labels = {}): Labels => ({
  ...page(alertname, labels),
  severity: 'ticket',
});
const down = (job: string) => page('PipelineTargetDown', { job, instance: '127.0.0.1:1' });
/** What is seen of a reader that does not read. */
const standing = (group: string): Labels[] => [
  page('PipelineStalled', stream(group)),
  page('ConsumerLagNotDraining', stream(group)),
  page('ConsumerPartitionStuck', { ...stream(group), partition: '1', job: 'reconciler' }),
  page('CanaryLate', { ...stream(group), partition: '1' }),
  page('FreshnessBudgetFastBurn', stream(group)),
];
const dips = ['produced', 'consumed', 'settled'].map((stage) =>
  page('PipelineThroughputDip', {
    topic: TOPIC,
    stage,
    ...(stage === 'produced' ? {} : { group: GROUPS.sink }),
  }),
);

describe('Alertmanager tells one alert for one fault', () => {
  it.each<[string, readonly Labels[], readonly string[]]>([
    ['the sink hangs', standing(GROUPS.sink), ['PipelineStalled']],
    [
      'one partition is stuck, and its backlog grows',
      [
        page('ConsumerPartitionStuck', { ...stream(GROUPS.sink), partition: '1' }),
        page('ConsumerLagNotDraining', stream(GROUPS.sink)),
        page('CanaryLate', { ...stream(GROUPS.sink), partition: '1' }),
        page('FreshnessBudgetFastBurn', stream(GROUPS.sink)),
      ],
      ['ConsumerPartitionStuck'],
    ],
    [
      'the sink dies',
      [down('sink'), ...standing(GROUPS.sink), ticket('PipelineMetricsMissing', { series: 'x' })],
      ['PipelineTargetDown'],
    ],
    [
      'ClickHouse dies',
      [
        down('clickhouse'),
        ...standing(GROUPS.sink),
        page('PipelineSinkStalled', stream(GROUPS.sink)),
        ticket('ReconciliationStale'),
      ],
      ['PipelineTargetDown'],
    ],
    [
      'the recommender dies',
      [down('recommender'), ...standing(GROUPS.recommender), ticket('ApiServesOldModel', { model: 'blend' })],
      ['PipelineTargetDown'],
    ],
    [
      'the source dips',
      [
        ...dips,
        ticket('GeneratorBelowTarget', { topic: TOPIC }),
        ticket('TableRowCountDip', { table: 'events_raw' }),
      ],
      ['PipelineThroughputDip'],
    ],
    [
      'a partition halts',
      [page('ConsumerPartitionHalted', stream(GROUPS.sink)), ...standing(GROUPS.sink).slice(1)],
      ['ConsumerPartitionHalted'],
    ],
    [
      'poison',
      [
        page('DeadLetterRatioHigh', stream(GROUPS.sink)),
        ticket('DeadLettersPresent', { ...stream(GROUPS.sink), reason: 'decode' }),
      ],
      ['DeadLetterRatioHigh'],
    ],
    [
      'the API fails',
      [page('ApiErrorBudgetFastBurn'), ticket('ApiErrorBudgetSlowBurn')],
      ['ApiErrorBudgetFastBurn'],
    ],
  ])('%s', async (_, alerts, expected) => {
    expect(await told(alerts)).toEqual(expected);
  });

  it.each<[string, readonly Labels[], readonly string[]]>([
    [
      'one reader stands, the other is slow',
      [
        page('PipelineStalled', stream(GROUPS.sink)),
        page('ConsumerLagNotDraining', stream(GROUPS.recommender)),
      ],
      ['ConsumerLagNotDraining', 'PipelineStalled'],
    ],
    [
      'the recommender dies, the sink stands',
      [down('recommender'), page('PipelineStalled', stream(GROUPS.sink))],
      ['PipelineStalled', 'PipelineTargetDown'],
    ],
    [
      'events are lost while a reader stands',
      [...standing(GROUPS.sink), page('SourceSinkMismatch', { topic: TOPIC, table: 'events_raw' })],
      ['PipelineStalled', 'SourceSinkMismatch'],
    ],
  ])('and two for two: %s', async (_, alerts, expected) => {
    expect(await told(alerts)).toEqual(expected);
  });
});
