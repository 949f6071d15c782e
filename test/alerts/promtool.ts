import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROFILES, type Profile } from '../../dashboards/rules/profile.ts';
import { type RuleFile, ruleFile } from '../../dashboards/rules/rule-file.ts';
import { findMonitoringPrograms } from '../../embedded/monitoring-programs.ts';
import { projectRoot } from '../../runtime/environment.ts';
import type { Scenario } from './scenario.ts';
import { notation } from './series.ts';
import { seriesOf } from './world.ts';

const programs = findMonitoringPrograms(
  process.env.PATH ?? '',
  join(projectRoot, '.reelstream/vendor/monitoring'),
);
export const promtool: string | null = programs.promtool;
export const { amtool, alertmanager, alertmanagerFolder } = programs;

/** Runs a program to its end with this on its input. */
export function runTool(
  program: string,
  args: readonly string[],
  input = '',
): { code: number; text: string; answer: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
  return { code: status ?? -1, text: `${stdout}${stderr}`, answer: stdout.trim() };
}

export interface Trial {
  readonly scenario: Scenario;
  readonly profile?: Profile;
  /** rules to try instead of the profile's own */
  readonly rules?: RuleFile;
  /** promtool's `alert_rule_test`: labels and texts of single alerts */
  readonly texts?: readonly object[];
}

/** Plays a scenario against rules; null when everything came as it says, else what promtool says. */
export async function play({
  scenario,
  profile = PROFILES.production,
  rules,
  texts = [],
}: Trial): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'reelstream-alerts-'));
  try {
    // JSON is YAML
    writeFileSync(join(folder, 'rules.yml'), JSON.stringify(rules ?? ruleFile(profile)));
    writeFileSync(join(folder, 'test.yml'), JSON.stringify(testFile(scenario, profile, texts)));
    return await promtoolTest(join(folder, 'test.yml'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function promtoolTest(file: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(promtool!, ['test', 'rules', file]);
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 ? null : text.slice(0, 6_000)));
  });
}

interface Expectation {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples?: readonly { labels: string; value: number }[];
}

function testFile(scenario: Scenario, profile: Profile, texts: readonly object[]): object {
  const step = 60 / profile.faster;
  return {
    rule_files: ['rules.yml'],
    evaluation_interval: `${scenario.slow ? 5 * step : step}s`,
    group_eval_order: ruleFile(profile).groups.map(({ name }) => name),
    tests: [
      {
        name: scenario.name,
        interval: `${step}s`,
        input_series: [...seriesOf(scenario.minutes, scenario.world, profile)].map(([series, samples]) => ({
          series: series,
          values: notation(samples),
        })),
        promql_expr_test: expectations(scenario, step),
        alert_rule_test: texts,
      },
    ],
  };
}

const FIRING = 'alertstate="firing"';

function expectations({ minutes, fires }: Scenario, step: number): Expectation[] {
  const at = (minute: number, expr: string, samples: Readonly<Record<string, number>>): Expectation => ({
    expr,
    eval_time: `${minute * step}s`,
    exp_samples: Object.entries(samples).map(([labels, value]) => ({ labels, value })),
  });
  const during = (span: number) => `[${span * step}s]`;
  const everFired = `group by (alertname) (count_over_time(ALERTS{${FIRING},alertname!="Watchdog"}${during(minutes + 1)}))`;
  const names = Object.keys(fires).sort();
  const all = at(minutes, everFired, Object.fromEntries(names.map((name) => [`{alertname="${name}"}`, 1])));
  const single = names.flatMap((name) => {
    const { by, count, notBefore, still = [], gone, quietAfter } = fires[name]!;
    const series = `ALERTS{${FIRING},alertname="${name}"}`;
    return [
      at(by, count ? `count(${series})` : `group(${series})`, { '{}': count ?? 1 }),
      ...still.map((minute) => at(minute, `group(${series})`, { '{}': 1 })),
      ...(notBefore === undefined ? [] : [at(notBefore, `count(${series})`, {})]),
      ...(gone === undefined ? [] : [at(gone, `count(${series})`, {})]),
      ...(quietAfter === undefined
        ? []
        : [at(minutes, `count(count_over_time(${series}${during(minutes - quietAfter)}))`, {})]),
    ];
  });
  return [all, ...single];
}
