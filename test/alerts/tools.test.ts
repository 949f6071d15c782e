import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { alertProfile, alertRuleFiles } from '../../cli/alerting.ts';
import { METRICS, type MetricName } from '../../core/metrics-catalogue.ts';
import { PROFILES } from '../../dashboards/rules/profile.ts';
import { ruleFile } from '../../dashboards/rules/rule-file.ts';
import { prometheusConfig } from '../../embedded/prometheus.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { readSettings } from '../../runtime/settings.ts';
import { promtool, runTool } from './promtool.ts';

it('promtool is here: node scripts/setup.mjs fetches it, or put it on the PATH', () => {
  expect(promtool).not.toBeNull();
});

it.each(Object.values(PROFILES))('promtool finds nothing to say about the rules of $name', (profile) => {
  const folder = mkdtempSync(join(tmpdir(), 'reelstream-rules-'));
  try {
    const file = join(folder, 'rules.yml');
    writeFileSync(file, JSON.stringify(ruleFile(profile)));
    const { code, text } = runTool(promtool!, ['check', 'rules', '--lint=all', '--lint-fatal', file]);
    expect(code, text).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('promtool finds nothing to say about the metrics', async () => {
  const open = [
    'topic',
    'group',
    'table',
    'partition',
    'model',
    'route',
    'method',
    'code',
    'check',
    'started',
  ];
  const metrics = createMetrics({
    service: 'test',
    version: '0',
    names: Object.keys(METRICS) as MetricName[],
    knownLabels: Object.fromEntries(open.map((label) => [label, ['a']])),
  });
  const { body } = await metrics.expose();
  // Node's own metrics are prom-client's; their names break rules that ours keep
  const own = body
    .split(/\n(?=# HELP)/)
    .filter((block) => block.startsWith('# HELP reelstream_'))
    .join('\n');
  expect(own.match(/^# HELP/gm)).toHaveLength(Object.keys(METRICS).length + 1);
  const { code, text } = runTool(promtool!, ['check', 'metrics'], `${own}\n`);
  expect(text).toBe('');
  expect(code).toBe(0);
});

it('promtool takes the configuration of the embedded Prometheus and that of compose, with their rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reelstream-prometheus-'));
  try {
    const settings = readSettings({});
    const embedded = prometheusConfig({
      program: '',
      webAssets: null,
      configFolder: folder,
      dataFolder: folder,
      port: 1,
      targets: [{ job: 'sink', port: 2 }],
      ruleFiles: alertRuleFiles(settings),
      scrapeIntervalSeconds: alertProfile(settings).scrapeIntervalSeconds,
      alertmanagerPort: 3,
    });
    writeFileSync(join(folder, 'embedded.yml'), embedded);
    for (const [from, to] of [
      ['embedded/compose/prometheus.yml', 'compose.yml'],
      ['dashboards/generated/rules/production.yml', 'rules.yml'],
    ] as const) {
      copyFileSync(join(projectRoot, from), join(folder, to));
    }
    for (const file of ['embedded.yml', 'compose.yml']) {
      const { code, text } = runTool(promtool!, ['check', 'config', join(folder, file)]);
      expect(code, text).toBe(0);
      expect(text).toMatch(/SUCCESS: \d\d rules found/);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
