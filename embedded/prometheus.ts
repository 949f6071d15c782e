import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { answersOk } from './http-probe.ts';
import { LOOPBACK } from './supervisor/ports.ts';
import type { ProcessSpec } from './supervisor/process-spec.ts';

/** One process to scrape: its job is its name. */
export interface ScrapeTarget {
  readonly job: string;
  readonly port: number;
  /** default `/metrics` */
  readonly path?: string;
}

export interface PrometheusOptions {
  readonly program: string;
  /** pages of the web interface, null when the program knows where they are */
  readonly webAssets: string | null;
  readonly configFolder: string;
  readonly dataFolder: string;
  readonly port: number;
  readonly targets: readonly ScrapeTarget[];
  /** files of recording and alerting rules */
  readonly ruleFiles: readonly string[];
  /** and of evaluation, where a rule group says nothing */
  readonly scrapeIntervalSeconds: number;
  readonly alertmanagerPort: number | null;
}

/** A week ago is asked for, half an hour around it: seven days would cut that off. */
const RETENTION = '8d';

/** Prometheus on loopback, scraping every service of the stack, optional: without it the stack runs unwatched. */
export function createPrometheusSpec(options: PrometheusOptions): ProcessSpec {
  const configFile = join(options.configFolder, 'prometheus.yml');
  return {
    name: 'prometheus',
    command: options.program,
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${options.dataFolder}`,
      `--storage.tsdb.retention.time=${RETENTION}`,
      `--web.listen-address=${LOOPBACK}:${options.port}`,
      ...(options.webAssets ? [`--web.local-assets=${options.webAssets}`] : []),
    ],
    cwd: options.configFolder,
    env: {},
    // Nothing it needs: it only must not slow down the start of what everybody waits for
    after: ['kafka', 'clickhouse'],
    ports: [{ port: options.port, setting: 'REELSTREAM_PROMETHEUS_PORT' }],
    files: [{ path: configFile, content: prometheusConfig(options) }],
    async prepare() {
      mkdirSync(options.dataFolder, { recursive: true });
    },
    isReady: () => answersOk(`http://${LOOPBACK}:${options.port}/-/ready`),
    readyDeadlineMs: 60_000,
    stopDeadlineMs: 20_000,
    optional: true,
  };
}

/** The configuration file. JSON is YAML: quoting is the serialiser's business. */
export function prometheusConfig(options: PrometheusOptions): string {
  const { targets, ruleFiles, alertmanagerPort } = options;
  const interval = `${options.scrapeIntervalSeconds}s`;
  const staticTargets = (port: number) => [{ targets: [`${LOOPBACK}:${port}`] }];
  const config = {
    global: { scrape_interval: interval, evaluation_interval: interval },
    rule_files: ruleFiles,
    alerting: {
      alertmanagers: alertmanagerPort === null ? [] : [{ static_configs: staticTargets(alertmanagerPort) }],
    },
    scrape_configs: targets.map(({ job, port, path }) => ({
      job_name: job,
      metrics_path: path ?? '/metrics',
      static_configs: staticTargets(port),
    })),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
