import { createWriteStream, renameSync, statSync } from 'node:fs';
import { httpStatusOf, type ServerException } from './server-exception.ts';
import type { Statement } from './statement.ts';

export const OUTCOMES = ['ok', 'refused', 'client_error', 'engine_error', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const STATEMENT_KINDS = ['select', 'insert', 'ddl', 'other'] as const;
export type StatementKind = (typeof STATEMENT_KINDS)[number];

/** What is remembered of a request. The engine keeps no query log of its own. */
export interface RequestRecord {
  readonly queryId: string;
  readonly user: string;
  readonly kind: StatementKind;
  readonly outcome: Outcome;
  /** ClickHouse's number, 0 = fine */
  readonly code: number;
  readonly elapsedMs: number;
  readonly readRows: number;
  readonly writtenRows: number;
  readonly bodyBytes: number;
  readonly answerBytes: number;
  /** beginning of the statement; never rows, never parameters */
  readonly text: string;
}

export interface RequestLog {
  write(atMs: number, record: RequestRecord): void;
  close(): Promise<void>;
}

const MAX_FILE_BYTES = 20_000_000;
export const LOGGED_TEXT_CHARS = 200;

/** JSON lines, two files at most: at 20 MB the current one becomes `<path>.1`. A log that cannot be written is reported once, and requests go on. */
export function openRequestLog(path: string, onError: (error: Error) => void): RequestLog {
  let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  let failed = false;
  const open = () =>
    createWriteStream(path, { flags: 'a', mode: 0o600 }).on('error', (error) => {
      if (!failed) onError(error);
      failed = true;
    });
  let stream = open();
  return {
    write(atMs, record) {
      if (failed) return;
      const line = `${JSON.stringify({ time: new Date(atMs).toISOString(), ...record })}\n`;
      if (bytes + line.length > MAX_FILE_BYTES) {
        stream.end();
        renameSync(path, `${path}.1`);
        stream = open();
        bytes = 0;
      }
      bytes += line.length;
      stream.write(line);
    },
    close: () => new Promise((resolve) => (failed ? resolve() : stream.end(() => resolve()))),
  };
}

const DDL_KEYWORDS = new Set([
  'CREATE',
  'ALTER',
  'DROP',
  'TRUNCATE',
  'RENAME',
  'EXCHANGE',
  'ATTACH',
  'DETACH',
  'OPTIMIZE',
]);

export function statementKindOf(statement: Statement): StatementKind {
  if (statement.kind === 'query') return 'select';
  if (statement.kind === 'insert_data' || statement.keyword === 'INSERT') return 'insert';
  return DDL_KEYWORDS.has(statement.keyword) ? 'ddl' : 'other';
}

/** too many at once, stopping, wrong password, foreign page, body too large, scratch full */
const REFUSALS = new Set([202, 236, 516, 497, 229, 243]);
/** bodies that broke off or cannot be decompressed: a server answers 500, but the sender is to blame */
const SENDER_FAULTS = new Set([33, 354]);
const CANCELLATIONS = new Set([394, 735]);

export function outcomeOf(exception: ServerException | null): Outcome {
  if (exception === null) return 'ok';
  if (REFUSALS.has(exception.code)) return 'refused';
  if (CANCELLATIONS.has(exception.code)) return 'cancelled';
  if (SENDER_FAULTS.has(exception.code)) return 'client_error';
  return httpStatusOf(exception.code) < 500 ? 'client_error' : 'engine_error';
}
