import { join } from 'node:path';
import { ReelstreamError } from '../../../core/errors.ts';
import { alertmanagerConfig } from '../../../dashboards/alertmanager/config.ts';
import { PROFILES, type Profile } from '../../../dashboards/rules/profile.ts';
import { createAlertmanagerSpec } from '../../../embedded/alertmanager.ts';
import { findMonitoringPrograms, type MonitoringPrograms } from '../../../embedded/monitoring-programs.ts';
import { createPrometheusSpec, type ScrapeTarget } from '../../../embedded/prometheus.ts';
import type { ProcessSpec } from '../../../embedded/supervisor/process-spec.ts';
import { stackFolders } from '../../../embedded/supervisor/run-record.ts';
import { projectRoot } from '../../../runtime/environment.ts';
import type { Settings } from '../../../runtime/settings.ts';
import type { Receiver } from '../receiver.ts';

/** Rules are those of production. What is shown is not that Alertmanager waits, so its waits are seconds at most. */
const WAITS: Profile = { ...PROFILES.production, faster: 600 };
/** Windows stay as they are; only that they are looked at, and targets scraped, more often. */
export const EVERY_SECONDS = 1;
export type HistoryPrograms = {
  readonly [P in 'prometheus' | 'promtool' | 'alertmanager']: string;
} & MonitoringPrograms;

/** @throws ReelstreamError `unavailable` naming what this machine lacks */
export function requirePrograms(): HistoryPrograms {
  const folder = join(projectRoot, '.reelstream', 'vendor', 'monitoring');
  const programs = findMonitoringPrograms(process.env.PATH ?? '', folder);
  const needed = ['prometheus', 'promtool', 'alertmanager'] as const;
  const missing = needed.filter((name) => programs[name] === null);
  if (missing.length === 0) return programs as HistoryPrograms;
  throw new ReelstreamError('unavailable', `a drill on history needs ${missing.join(' and ')}`, {
    retryable: false,
  });
}

/** Where the processes of a history stack are. */
export interface HistoryPlaces {
  readonly home: string;
  readonly programs: HistoryPrograms;
  readonly settings: Settings;
  readonly ports: Readonly<Record<'alertmanager' | 'prometheus' | 'plain', number>>;
}

export interface PrometheusPlan {
  readonly name: string;
  readonly port: number;
  readonly dataFolder: string;
  /** null for one that only answers */
  readonly watches: { readonly rules: string; readonly targets: readonly ScrapeTarget[] } | null;
}

/** As the embedded stack starts it, but quick to take up what was waiting, and missed at once when it says nothing more. */
export function prometheusSpec({ home, programs, ports }: HistoryPlaces, plan: PrometheusPlan): ProcessSpec {
  const { name, port, dataFolder, watches } = plan;
  const spec = createPrometheusSpec({
    program: programs.prometheus,
    webAssets: programs.webAssets,
    configFolder: stackFolders(home).configFolder(name),
    dataFolder,
    port,
    targets: watches?.targets ?? [],
    ruleFiles: watches ? [watches.rules] : [],
    scrapeIntervalSeconds: EVERY_SECONDS,
    alertmanagerPort: watches ? ports.alertmanager : null,
  });
  const flags = ['--rules.alert.for-grace-period=0s', `--rules.alert.resend-delay=${EVERY_SECONDS}s`];
  return { ...spec, name, args: [...spec.args, ...flags], after: [], optional: false };
}

export function alertmanagerSpec(
  { home, programs, ports, settings }: HistoryPlaces,
  receiver: Receiver,
): ProcessSpec {
  const folders = stackFolders(home);
  const spec = createAlertmanagerSpec({
    program: programs.alertmanager,
    workingFolder: programs.alertmanagerFolder,
    configFolder: folders.configFolder('alertmanager'),
    dataFolder: folders.dataFolder('alertmanager'),
    port: ports.alertmanager,
    config: alertmanagerConfig({
      profile: WAITS,
      receivers: { webhook: { url: receiver.url }, heartbeatUrl: receiver.heartbeatUrl },
      sinkGroup: settings.REELSTREAM_SINK_GROUP,
    }),
  });
  return { ...spec, after: [], optional: false };
}
