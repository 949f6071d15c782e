import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/environment.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printTable } from '../print.ts';

export const configure: Configure = (command) => {
  command.option('--json', 'print as JSON').action(
    action(async (options: { json?: boolean }) => {
      const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
        version: string;
        dependencies: Record<string, string>;
      };
      const versions = {
        reelstream: manifest.version,
        node: process.versions.node,
        chdb: manifest.dependencies.chdb ?? '',
        kafkajs: manifest.dependencies.kafkajs ?? '',
        'node-rdkafka': manifest.dependencies['node-rdkafka'] ?? '',
      };
      if (options.json) printJson(versions);
      else printTable(['what', 'version'], Object.entries(versions));
      return 0;
    }),
  );
};
