/** An error as ClickHouse words it: number, upper-case name and text. It is an answer on the wire, not a fault of this process. */
export class ServerException extends Error {
  readonly code: number;
  readonly exceptionName: string;

  constructor(code: number, exceptionName: string, message: string) {
    super(message);
    this.name = 'ServerException';
    this.code = code;
    this.exceptionName = exceptionName;
  }

  /** `Code: 62. DB::Exception: … (SYNTAX_ERROR) (version 26.7.2.1)`: clients parse this form. */
  toText(version: string): string {
    return `Code: ${this.code}. DB::Exception: ${this.message} (${this.exceptionName}) (version ${version})`;
  }
}

const REPEATED_HEAD = /^(?:Code: \d+\. DB::Exception: )+/;
const VERSION = String.raw`\(version [^()]*(?:\([^()]*\))?\)`;
const NAME = String.raw`\([A-Z][A-Z0-9_]+\)`;
/** `(NAME) (version 1). (NAME)`: once per wrapping, and the version may be missing at the end */
const REPEATED_TAIL = new RegExp(
  String.raw`\s*(?:${NAME}\s*${VERSION}\.?\s*)*(${NAME})\.?\s*(?:${VERSION}\.?)?\s*$`,
);

/** The statement stands in some messages, with any run of blanks; the pattern would try each blank as its beginning. */
const TAIL_CHARS = 1_000;

/** The engine wraps some messages in themselves; one head and one tail are kept. Total: what is no ClickHouse text becomes 1002. */
export function toServerException(thrown: unknown): ServerException {
  if (thrown instanceof ServerException) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const code = /^Code: (\d+)\./.exec(text)?.[1];
  if (code === undefined) return new ServerException(1002, 'UNKNOWN_EXCEPTION', text);
  const tail = text.slice(-TAIL_CHARS);
  const whole = text.slice(0, text.length - tail.length) + tail.replace(REPEATED_TAIL, '');
  const name = REPEATED_TAIL.exec(tail)?.[1]?.slice(1, -1);
  return new ServerException(
    Number(code),
    name ?? 'UNKNOWN_EXCEPTION',
    whole.replace(REPEATED_HEAD, '').trimEnd(),
  );
}

const STATUS_OF_CODES: readonly (readonly [status: number, codes: readonly number[]])[] = [
  [
    400,
    [
      6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675,
      676,
    ],
  ],
  [401, [194]],
  [403, [192, 193, 497, 512, 516]],
  [404, [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511]],
  [408, [159]],
  [411, [381]],
  [413, [229]],
  [415, [779]],
  [501, [48]],
  [503, [76, 209, 439]],
];
/** A stock server answers these with 500: too many at once, stopping, no space. They pass by themselves, which 503 says. */
const UNAVAILABLE_CODES = [202, 236, 243];
const STATUS = new Map([
  ...STATUS_OF_CODES.flatMap(([status, codes]) => codes.map((code) => [code, status] as const)),
  ...UNAVAILABLE_CODES.map((code) => [code, 503] as const),
]);

/** HTTP status for an error of this number, as a stock server gives it (its exceptionCodeToHTTPStatus), but for 202, 236 and 243. */
export function httpStatusOf(code: number): number {
  return STATUS.get(code) ?? 500;
}
