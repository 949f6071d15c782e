import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ReelstreamError } from '../core/errors.ts';
import type { JournalEntry } from './findings.ts';

/** Files of one load: what was set aside, what was said row by row, and the report. */
export interface Journal {
  readonly folder: string;
  write(entry: JournalEntry): void;
  /** closes the files and writes `report.json` */
  finish(report: object): void;
}

export const QUARANTINE_FILE = 'quarantine.ndjson';
export const ERROR_LOG_FILE = 'errors.ndjson';
export const REPORT_FILE = 'report.json';

/** Longer text is cut; the line number leads to the rest. */
const MAX_TEXT_BYTES = 65_536;
const FLUSH_BYTES = 65_536;
const KEPT_LOADS = 30;

/**
 * Opens a folder for the files of one load below `parent`; the oldest loads' folders go. Lines are written as they come, so
 * that a load that dies leaves what it had found.
 * @param name sorts by time
 */
export function openJournal(parent: string, name: string): Journal {
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(parent).sort().slice(0, -KEPT_LOADS)) {
    rmSync(join(parent, old), { recursive: true, force: true });
  }
  const quarantine = lineWriter(join(folder, QUARANTINE_FILE));
  const errors = lineWriter(join(folder, ERROR_LOG_FILE));
  return {
    folder,
    write(entry) {
      const { file, line, outcome, field, reason, detail } = entry;
      errors.write({ file, line, outcome, field, reason, ...(detail === undefined ? {} : { detail }) });
      if (outcome !== 'quarantined' && outcome !== 'blanked') return;
      quarantine.write({ file, line, field, reason, outcome, ...originalOf(entry) });
    },
    finish(report) {
      quarantine.close();
      errors.close();
      writeFileSync(join(folder, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`);
    },
  };
}

/** The original: as text, and as base64 too where it is no UTF-8. */
function originalOf({ bytes, text }: JournalEntry): object {
  const whole = bytes ?? Buffer.from(text ?? '');
  const kept = whole.subarray(0, MAX_TEXT_BYTES);
  const shown = kept.toString('utf8');
  return {
    text: shown,
    ...(bytes && shown.includes('\ufffd') ? { base64: kept.toString('base64') } : {}),
    ...(kept.length < whole.length ? { cut: true } : {}),
  };
}

function lineWriter(path: string) {
  const descriptor = openSync(path, 'w');
  let held = '';
  const flush = () => {
    try {
      writeSync(descriptor, held);
    } catch (error) {
      throw new ReelstreamError('settings', `${path} cannot be written: ${(error as Error).message}`, {
        cause: error,
      });
    }
    held = '';
  };
  return {
    write(row: object) {
      held += `${JSON.stringify(row)}\n`;
      if (held.length >= FLUSH_BYTES) flush();
    },
    close() {
      try {
        flush();
      } finally {
        closeSync(descriptor);
      }
    },
  };
}
