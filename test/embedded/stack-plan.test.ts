import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planStack, type StackPlanOptions } from '../../embedded/stack-plan.ts';
import { fingerprintOf } from '../../embedded/supervisor/run-record.ts';

let folder: string;
let options: StackPlanOptions;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-plan-'));
  const programs = join(folder, 'vendor/monitoring/bin');
  const registry = join(folder, 'vendor/java/registry');
  for (const path of [programs, registry]) mkdirSync(path, { recursive: true });
  writeFileSync(join(registry, 'registry-runner.jar'), '');
  for (const name of ['prometheus', 'alertmanager']) writeFileSync(join(programs, name), '', { mode: 0o755 });
  options = {
    home: join(folder, 'home'),
    vendorFolder: join(folder, 'vendor'),
    launcher: 'reelstream.mjs',
    nodeCommand: 'node',
    javaCommand: 'java',
    searchPath: '',
    ports: { kafka: 1, kafkaController: 2, registry: 3, clickhouse: 4, prometheus: 5, alertmanager: 6 },
    targets: [],
    ruleFiles: [],
    scrapeIntervalSeconds: 5,
    alertmanagerConfig: {},
    clickhouseEnvironment: { REELSTREAM_CLICKHOUSE_PASSWORD: 'a' },
    stopDeadlineMs: 1_000,
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

const fingerprints = (changed: Partial<StackPlanOptions> = {}) =>
  new Map(planStack({ ...options, ...changed }).specs.map((spec) => [spec.name, fingerprintOf(spec)]));
function changedBy(changed: Partial<StackPlanOptions>): string[] {
  const before = fingerprints();
  return [...fingerprints(changed)].filter(([name, one]) => one !== before.get(name)).map(([name]) => name);
}
const port = (name: keyof StackPlanOptions['ports']) => ({ ports: { ...options.ports, [name]: 99 } });

describe('the plan of a stack', () => {
  it('is the same for the same options, and nothing is written for it', () => {
    expect(changedBy({})).toEqual([]);
    expect(() => rmSync(options.home, { recursive: true })).toThrow('ENOENT');
  });

  it.each<[string, () => Partial<StackPlanOptions>, string[]]>([
    // In a file
    ['the port of Kafka', () => port('kafka'), ['kafka', 'registry']],
    ['the controller port', () => port('kafkaController'), ['kafka']],
    // In the environment, and in what Prometheus scrapes
    ['the port of the registry', () => port('registry'), ['registry', 'prometheus']],
    ['the port of ClickHouse', () => port('clickhouse'), ['clickhouse', 'prometheus']],
    [
      'a password',
      () => ({ clickhouseEnvironment: { REELSTREAM_CLICKHOUSE_PASSWORD: 'b' } }),
      ['clickhouse'],
    ],
    ['a rule file', () => ({ ruleFiles: ['rules.yml'] }), ['prometheus']],
    ['a receiver', () => ({ alertmanagerConfig: { receivers: [] } }), ['alertmanager']],
  ])('tells processes apart that differ in %s', (_, change, expected) => {
    expect(changedBy(change()).sort()).toEqual(expected.sort());
  });
});
