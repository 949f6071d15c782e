/** One record of a Kafka partition as read from the log. Offsets are JavaScript numbers: exact up to 2^53. */
export interface LogRecord {
  readonly offset: number;
  /** LogAppendTime set by the broker, ms since 1970 */
  readonly logTsMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** texts by name; a source that knows of none may leave them out */
  readonly headers?: ReadonlyMap<string, string>;
}
