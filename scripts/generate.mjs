/** Writes the generated files; the tests compare them with what is committed. Run after `npm run build`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { readDdlFiles } from '../dist/clickhouse/data-model.js';
import { dataModelPage } from '../dist/clickhouse/data-model-page.js';
import { readQuestions } from '../dist/clickhouse/questions.js';
import { questionsPage } from '../dist/clickhouse/questions-page.js';
import { alertmanagerConfig } from '../dist/dashboards/alertmanager/config.js';
import { metricsPage } from '../dist/dashboards/docs/metrics-page.js';
import { rulesPage } from '../dist/dashboards/docs/rules-page.js';
import { dashboards } from '../dist/dashboards/grafana/dashboard-list.js';
import { PROFILES } from '../dist/dashboards/rules/profile.js';
import { ruleFile } from '../dist/dashboards/rules/rule-file.js';
import { settingsPage } from '../dist/runtime/settings.js';

const yaml = (source, content) =>
  `# Generated from ${source} by npm run generate.\n${stringify(content, { lineWidth: 0 })}`;

const questions = readQuestions(new URL('../clickhouse/questions', import.meta.url).pathname);
const files = {
  'docs/settings.md': settingsPage(),
  'docs/metrics.md': metricsPage(),
  'docs/data-model.md': dataModelPage(readDdlFiles(new URL('../clickhouse/ddl', import.meta.url).pathname)),
  'docs/questions.md': questionsPage(questions),
  'docs/alerts.md': rulesPage(),
};
files['dashboards/generated/alertmanager.yml'] = yaml(
  'dashboards/alertmanager/',
  alertmanagerConfig({ profile: PROFILES.production, receivers: {}, sinkGroup: 'reelstream-sink' }),
);
for (const profile of Object.values(PROFILES))
  files[`dashboards/generated/rules/${profile.name}.yml`] = yaml('dashboards/rules/', ruleFile(profile));

const byName = new Map(questions.map((question) => [question.name, question]));
for (const [uid, dashboard] of Object.entries(dashboards(byName)))
  files[`dashboards/generated/grafana/${uid}.json`] = `${JSON.stringify(dashboard, null, 2)}\n`;

for (const [path, text] of Object.entries(files)) {
  const file = new URL(`../${path}`, import.meta.url);
  mkdirSync(dirname(file.pathname), { recursive: true });
  writeFileSync(file, text);
}
// The linter reads them too: in its own format nothing is left to argue about
const biome = new URL('../node_modules/.bin/biome', import.meta.url).pathname;
execFileSync(biome, ['format', '--write', 'dashboards/generated'], {
  cwd: new URL('..', import.meta.url).pathname,
  stdio: 'ignore',
});
process.stdout.write(`${Object.keys(files).length} files written\n`);
