import { readFileSync } from 'node:fs';
import { ReelstreamError } from '../../core/errors.ts';
import { type FileChecks, NO_FILE_CHECKS, parseChecksFile } from '../../reconciler/checks-file.ts';
import type { ReconcilerOptions } from '../../reconciler/reconciler-context.ts';
import type { Settings } from '../../runtime/settings.ts';

export function reconcilerOptionsFrom(settings: Settings): ReconcilerOptions {
  return {
    topic: settings.REELSTREAM_RATINGS_TOPIC,
    sinkGroup: settings.REELSTREAM_SINK_GROUP,
    groups: settings.REELSTREAM_RECONCILER_GROUPS,
    intervalMs: settings.REELSTREAM_RECONCILER_INTERVAL_MS,
    lagIntervalMs: settings.REELSTREAM_RECONCILER_LAG_INTERVAL_MS,
    canaryIntervalMs: settings.REELSTREAM_RECONCILER_CANARY_INTERVAL_MS,
    checksIntervalMs: settings.REELSTREAM_RECONCILER_CHECKS_INTERVAL_MS,
    deadlineMs: settings.REELSTREAM_RECONCILER_DEADLINE_MS,
    toleranceRatio: settings.REELSTREAM_RECONCILER_TOLERANCE,
    dipThresholdRatio: settings.REELSTREAM_RECONCILER_DIP_THRESHOLD,
    minRows: settings.REELSTREAM_RECONCILER_MIN_ROWS,
    settleMs: settings.REELSTREAM_RECONCILER_SETTLE_MS,
    rangeRecords: settings.REELSTREAM_RECONCILER_RANGE_RECORDS,
  };
}

/** @throws ReelstreamError `settings`, naming file, line and field */
export function fileChecksFrom({ REELSTREAM_RECONCILER_CHECKS_FILE: path }: Settings): FileChecks {
  if (path === '') return NO_FILE_CHECKS;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ReelstreamError('settings', `REELSTREAM_RECONCILER_CHECKS_FILE: ${(cause as Error).message}`, {
      cause,
    });
  }
  return parseChecksFile(path, text);
}
