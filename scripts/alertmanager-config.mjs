/** Prints Alertmanager's configuration with the receivers of the settings. Run after `npm run build`; `npm run generate` writes the one without. */
import { stringify } from 'yaml';
import { alertmanagerConfigFrom } from '../dist/cli/alerting.js';
import { readEnvironment } from '../dist/runtime/environment.js';
import { readSettings } from '../dist/runtime/settings.js';

process.stdout.write(stringify(alertmanagerConfigFrom(readSettings(readEnvironment())), { lineWidth: 0 }));
