import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where the programs of the monitoring are, null for what this machine lacks. */
export interface MonitoringPrograms {
  readonly prometheus: string | null;
  readonly promtool: string | null;
  readonly alertmanager: string | null;
  readonly amtool: string | null;
  /** Prometheus's web pages when they are not where the program expects them */
  readonly webAssets: string | null;
  /** folder to start Alertmanager in: an unpacked one looks for its templates there; null when anywhere will do */
  readonly alertmanagerFolder: string | null;
}

/** Looks on the PATH first, then at what set-up unpacked. Debian calls Alertmanager `prometheus-alertmanager`. */
export function findMonitoringPrograms(searchPath: string, monitoringFolder: string): MonitoringPrograms {
  const unpacked = join(monitoringFolder, 'bin');
  const find = (...names: string[]) =>
    [...searchPath.split(delimiter), unpacked]
      .flatMap((folder) => names.map((name) => join(folder, name)))
      .find(isExecutable) ?? null;
  const prometheus = find('prometheus');
  const alertmanager = find('alertmanager', 'prometheus-alertmanager');
  const webAssets = join(monitoringFolder, 'web');
  return {
    prometheus,
    promtool: find('promtool'),
    alertmanager,
    amtool: find('amtool'),
    webAssets: prometheus?.startsWith(unpacked) && existsSync(webAssets) ? webAssets : null,
    alertmanagerFolder: alertmanager?.startsWith(unpacked) ? monitoringFolder : null,
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
