/** Writes the generated pages; the tests compare them with what is committed. Run after `npm run build`. */
import { writeFileSync } from 'node:fs';
import { settingsPage } from '../dist/runtime/settings.js';

writeFileSync(new URL('../docs/settings.md', import.meta.url), settingsPage());
process.stdout.write('docs/settings.md written\n');
