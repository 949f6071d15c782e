import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { httpStatusOf, type ServerException } from './server-exception.ts';

/** Facts of a finished statement, for the summary header. */
export interface Summary {
  readonly readRows: number;
  readonly readBytes: number;
  readonly resultBytes: number;
  readonly elapsedMs: number;
}

export interface AnswerOptions {
  readonly response: ServerResponse;
  readonly version: string;
  /** headers of every answer: query id, timezone, server name */
  readonly headers: Readonly<Record<string, string>>;
  /** how the bytes are encoded on the wire; null sends them as they are */
  readonly encoding: { readonly name: string; readonly stream: Transform } | null;
}

/**
 * One answer on its way. Nothing is sent before 64 KiB have come together or the statement is done, so that an early
 * error still has a status of its own; a later error ends the connection without the last chunk.
 */
export interface Answer {
  readonly bytes: number;
  readonly isOpen: boolean;
  setFormat(format: string): void;
  /** resolves when the client took enough that more may come; rejects never */
  write(chunk: Uint8Array): Promise<void>;
  end(summary: Summary): Promise<void>;
  fail(exception: ServerException): Promise<void>;
}

const HOLD_BACK_BYTES = 65_536;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
  CSVWithNamesAndTypes: 'text/csv; charset=UTF-8; header=present',
  JSON: 'application/json; charset=UTF-8',
  JSONCompact: 'application/json; charset=UTF-8',
  JSONColumns: 'application/json; charset=UTF-8',
  JSONStrings: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONLines: 'application/x-ndjson; charset=UTF-8',
  NDJSON: 'application/x-ndjson; charset=UTF-8',
  TabSeparated: 'text/tab-separated-values; charset=UTF-8',
  TSV: 'text/tab-separated-values; charset=UTF-8',
  TabSeparatedWithNames: 'text/tab-separated-values; charset=UTF-8',
  TSVWithNames: 'text/tab-separated-values; charset=UTF-8',
  XML: 'application/xml; charset=UTF-8',
  Parquet: 'application/octet-stream',
  Arrow: 'application/octet-stream',
  Native: 'application/octet-stream',
  RowBinary: 'application/octet-stream',
};

export function createAnswer(options: AnswerOptions): Answer {
  const { response, encoding } = options;
  const held: Uint8Array[] = [];
  let bytes = 0;
  let format = 'TabSeparated';
  const isOpen = () => !response.destroyed && !response.writableEnded;
  const out = encoding?.stream ?? response;
  encoding?.stream.pipe(response);

  const writeHead = (status: number, extra: Readonly<Record<string, string>>) => {
    response.writeHead(status, {
      ...options.headers,
      'X-ClickHouse-Format': format,
      'Content-Type': CONTENT_TYPES[format] ?? 'text/plain; charset=UTF-8',
      ...(encoding ? { 'Content-Encoding': encoding.name } : {}),
      ...extra,
    });
  };
  const push = async (chunk: Uint8Array) => {
    if (!isOpen() || out.write(chunk)) return;
    await Promise.race([once(out, 'drain'), once(response, 'close')]).catch(() => undefined);
  };
  const flush = async () => {
    for (const chunk of held.splice(0)) await push(chunk);
  };
  const finish = async () => {
    if (!isOpen()) return;
    const finished = Promise.race([once(response, 'finish'), once(response, 'close')]);
    out.end();
    await finished.catch(() => undefined);
  };
  return {
    get bytes() {
      return bytes;
    },
    get isOpen() {
      return isOpen();
    },
    setFormat(name) {
      format = name;
    },
    async write(chunk) {
      bytes += chunk.length;
      if (response.headersSent) return push(chunk);
      held.push(chunk);
      if (bytes < HOLD_BACK_BYTES) return;
      writeHead(200, {});
      await flush();
    },
    async end(summary) {
      if (!response.headersSent && isOpen())
        writeHead(200, { 'X-ClickHouse-Summary': summaryHeader(summary) });
      await flush();
      await finish();
    },
    async fail(exception) {
      if (response.headersSent || !isOpen()) return void response.destroy();
      held.length = 0;
      format = 'TabSeparated';
      writeHead(httpStatusOf(exception.code), {
        'X-ClickHouse-Exception-Code': String(exception.code),
        'Content-Type': 'text/plain; charset=UTF-8',
      });
      await push(Buffer.from(`${exception.toText(options.version)}\n`));
      await finish();
    },
  };
}

/** Rows written are not in it: the embedded engine does not tell. */
function summaryHeader(summary: Summary): string {
  return JSON.stringify({
    read_rows: String(summary.readRows),
    read_bytes: String(summary.readBytes),
    written_rows: '0',
    written_bytes: '0',
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: String(summary.resultBytes),
    elapsed_ns: String(Math.round(summary.elapsedMs * 1e6)),
  });
}
