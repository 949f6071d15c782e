import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { answersOk } from './http-probe.ts';
import { LOOPBACK } from './supervisor/ports.ts';
import type { ProcessSpec } from './supervisor/process-spec.ts';

export interface AlertmanagerOptions {
  readonly program: string;
  /** where to start it, null for anywhere */
  readonly workingFolder: string | null;
  readonly configFolder: string;
  readonly dataFolder: string;
  readonly port: number;
  /** routes, inhibition and receivers; secrets stay in files that it names */
  readonly config: object;
}

/** Alertmanager on loopback; its configuration as JSON, which is YAML. Optional like Prometheus. */
export function createAlertmanagerSpec(options: AlertmanagerOptions): ProcessSpec {
  const configFile = join(options.configFolder, 'alertmanager.yml');
  return {
    name: 'alertmanager',
    command: options.program,
    args: [
      `--config.file=${configFile}`,
      `--storage.path=${options.dataFolder}`,
      `--web.listen-address=${LOOPBACK}:${options.port}`,
      // Empty switches clustering off, and with it a port on every address of the machine
      '--cluster.listen-address=',
    ],
    cwd: options.workingFolder ?? options.configFolder,
    env: {},
    after: ['kafka', 'clickhouse'],
    ports: [{ port: options.port, setting: 'REELSTREAM_ALERTMANAGER_PORT' }],
    files: [{ path: configFile, content: `${JSON.stringify(options.config, null, 2)}\n` }],
    async prepare() {
      mkdirSync(options.dataFolder, { recursive: true });
    },
    isReady: () => answersOk(`http://${LOOPBACK}:${options.port}/-/ready`),
    readyDeadlineMs: 30_000,
    stopDeadlineMs: 10_000,
    optional: true,
  };
}
