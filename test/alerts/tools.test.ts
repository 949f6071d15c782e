import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { METRICS, type MetricName } from '../../core/metrics-catalogue.ts';
import { PROFILES } from '../../dashboards/rules/profile.ts';
import { ruleFile } from '../../dashboards/rules/rule-file.ts';
import { createMetrics } from '../../runtime/metrics.ts';
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
  const open = ['topic', 'group', 'table', 'partition', 'model', 'route', 'method', 'code', 'check'];
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
