/** Kafka's jars and the schema registry, by Maven, as pom.xml pins them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stampOf } from './facts.mjs';
import { replaceFolder } from './folders.mjs';
import { findCommand } from './machine.mjs';

export function createJavaParts(root, vendorFolder, run) {
  const folder = join(vendorFolder, 'java');
  const stamp = stampOf(readFileSync(join(root, 'pom.xml')));
  return {
    title: 'fetching Kafka and the schema registry (165 MB)',
    isDone: () => existsSync(join(folder, 'stamp')) && readFileSync(join(folder, 'stamp'), 'utf8') === stamp,
    faults: () => ({ maven: findCommand('mvn') ? null : 'missing' }),
    make: () =>
      replaceFolder(folder, async (draft) => {
        await run('mvn', ['-B', '-ntp', '-q', 'process-resources', `-Dvendor.folder=${draft}`], {
          cwd: root,
          deadlineMs: 15 * 60_000,
        });
        writeFileSync(join(draft, 'stamp'), stamp);
      }),
  };
}
