/** A row of an INSERT's body, as far as tests look at it. */
export interface RawRow {
  readonly slot: number;
  readonly offset: number;
  readonly skippedBefore: number;
  readonly logTsMs: number;
  readonly eventId: Buffer;
  readonly valueHash: bigint;
  readonly verdict: number;
  readonly reason: number;
  readonly movieId: number;
  readonly catalogVersion: number;
}

/** Reads back what the sink sends, without the product's own writer: RowBinary in the order of the columns. */
export function readRawRows(body: Buffer): RawRow[] {
  const rows: RawRow[] = [];
  let at = 0;
  while (at < body.length) {
    const row = body.subarray(at);
    let end = 75;
    const sourceBytes = row[end]!;
    if (sourceBytes > 127) throw new Error('tests use short sources');
    end += 1 + sourceBytes;
    end += 1 + row[end]! * 4;
    end += 1 + row[end]! * 4;
    rows.push({
      slot: row.readUInt16LE(0),
      offset: Number(row.readBigUInt64LE(2)),
      skippedBefore: Number(row.readBigUInt64LE(10)),
      logTsMs: Number(row.readBigInt64LE(18)),
      eventId: row.subarray(26, 42),
      valueHash: row.readBigUInt64LE(42),
      verdict: row[54]!,
      reason: row[55]!,
      movieId: row.readUInt32LE(62),
      catalogVersion: row.readUInt32LE(end + 2),
    });
    at += end + 6;
  }
  return rows;
}
