/** Writes the generated files; the tests compare them with what is committed. Run after `npm run build`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { metricsPage } from '../dist/dashboards/docs/metrics-page.js';
import { settingsPage } from '../dist/runtime/settings.js';

const files = {
  'docs/settings.md': settingsPage(),
  'docs/metrics.md': metricsPage(),
};

for (const [path, text] of Object.entries(files)) {
  const file = new URL(`../${path}`, import.meta.url);
  mkdirSync(dirname(file.pathname), { recursive: true });
  writeFileSync(file, text);
}
process.stdout.write(`${Object.keys(files).length} files written\n`);
