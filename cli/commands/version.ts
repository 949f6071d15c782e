import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/environment.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printTable } from '../print.ts';
import { projectVersion } from '../service-frame.ts';

const HELP = `
Kafka and the registry are pinned in pom.xml, the ClickHouse engine and the Node packages in package-lock.json.`;

export const configure: Configure = (command) => {
  command
    .option('--json', 'print as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (options: { json?: boolean }) => {
        const versions = readVersions();
        if (options.json) printJson(versions);
        else printTable(['what', 'version'], Object.entries(versions));
        return 0;
      }),
    );
};

/** What this installation runs, from the files that pin it; nothing of it need be running, or be installed at all. */
function readVersions(): Record<string, string> {
  const pom = read('pom.xml');
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { version: string }>;
  };
  const pinned = (name: string) => packages[`node_modules/${name}`]?.version ?? '';
  return {
    reelstream: projectVersion(),
    node: process.versions.node,
    kafka: propertyOf(pom, 'kafka.version'),
    registry: propertyOf(pom, 'registry.version'),
    clickhouse: pinned('@chdb/lib-linux-x64-gnu'),
    chdb: pinned('chdb'),
    kafkajs: pinned('kafkajs'),
  };
}

function propertyOf(pom: string, name: string): string {
  return new RegExp(`<${name}>([^<]+)</${name}>`).exec(pom)?.[1] ?? '';
}

function read(file: string): string {
  return readFileSync(join(projectRoot, file), 'utf8');
}
