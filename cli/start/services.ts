import { createOwnProcessSpec } from '../../embedded/own-process.ts';
import type { ProcessSpec } from '../../embedded/supervisor/process-spec.ts';
import { projectRoot } from '../../runtime/environment.ts';
import type { Settings } from '../../runtime/settings.ts';
import { launcher } from '../stack.ts';

/** The services that `start` runs beside the stack. */
export function sinkSpec(settings: Settings): ProcessSpec {
  return createOwnProcessSpec({
    name: 'sink',
    nodeCommand: process.execPath,
    launcher,
    args: ['sink'],
    cwd: projectRoot,
    after: ['kafka', 'registry', 'clickhouse'],
    port: settings.REELSTREAM_SINK_METRICS_PORT,
    portSetting: 'REELSTREAM_SINK_METRICS_PORT',
    stopDeadlineMs: settings.REELSTREAM_STOP_TIMEOUT_MS,
  });
}

/** @param reportFile where the producer leaves its counts when it has flushed */
export function producerSpec(settings: Settings, rate: number, reportFile: string): ProcessSpec {
  return createOwnProcessSpec({
    name: 'producer',
    nodeCommand: process.execPath,
    launcher,
    args: ['produce', '--rate', String(rate), '--report-json', reportFile],
    cwd: projectRoot,
    after: ['kafka', 'registry', 'sink'],
    port: settings.REELSTREAM_PRODUCER_METRICS_PORT,
    portSetting: 'REELSTREAM_PRODUCER_METRICS_PORT',
    stopDeadlineMs: settings.REELSTREAM_STOP_TIMEOUT_MS,
  });
}
