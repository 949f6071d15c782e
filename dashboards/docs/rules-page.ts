import { PROFILES } from '../rules/profile.ts';
import { type AlertRule, isAlert, type RecordingRule } from '../rules/rule.ts';
import { runbookOf } from '../rules/rule-file.ts';
import { ruleGroups } from '../rules/rule-list.ts';

const HEAD = `# Alert rules

Generated from \`dashboards/rules/\` by \`npm run generate\`; the windows are those of production. What to do about an alert
stands on its runbook page, how to change or add one in [watching.md](watching.md). The expressions themselves are in
\`dashboards/generated/rules/\`.

An alert asserts a condition; its guards name the situations in which it keeps quiet. Every guard has a mutant in the tests.
`;

/** The page `docs/alerts.md`. */
export function rulesPage(): string {
  const rules = ruleGroups(PROFILES.production).flatMap(({ rules }) => rules);
  const alerts = rules.filter(isAlert).map(alertRow);
  const recorded = rules.filter((rule): rule is RecordingRule => !isAlert(rule)).map(recordedRow);
  return [
    HEAD,
    '| alert | severity | waits | guards |',
    '| --- | --- | --- | --- |',
    ...alerts,
    '',
    '## Recorded series',
    '',
    '| series | why |',
    '| --- | --- |',
    ...recorded,
    '',
  ].join('\n');
}

function alertRow({ alert, severity, for: waits, keepFiringFor, guards = {} }: AlertRule): string {
  const page = runbookOf(alert).replace('docs/', '');
  const kept = keepFiringFor ? `, kept ${keepFiringFor}` : '';
  return `| [${alert}](${page}) | ${severity} | ${waits ?? 'not'}${kept} | ${Object.keys(guards).join('; ') || '-'} |`;
}

function recordedRow({ record, labels = {}, why }: RecordingRule): string {
  const chosen = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `| \`${record}${chosen.length > 0 ? `{${chosen.join(',')}}` : ''}\` | ${why} |`;
}
