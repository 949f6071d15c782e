/** Writes record batches as a broker stores them, for logs that no client would produce on request. */
export interface BatchSpec {
  readonly baseOffset: number;
  /** offset delta -> value; deltas that are missing were compacted away */
  readonly records: readonly {
    readonly delta: number;
    readonly key?: string | null;
    readonly value: string | null;
  }[];
  /** last offset of the batch; default the last record's */
  readonly lastDelta?: number;
  readonly producerId?: number;
  readonly transactional?: boolean;
  /** a marker instead of records */
  readonly marker?: 'commit' | 'abort';
  readonly codec?: { readonly number: number; readonly pack: (bytes: Buffer) => Buffer };
  /** the broker's time; without it every record has its own: `createTsMs` + delta */
  readonly appendTsMs?: number;
  readonly createTsMs?: number;
  readonly magic?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export function batchBytes(spec: BatchSpec): Buffer {
  const records = spec.marker
    ? [recordBytes(0, 0, Buffer.from([0, 0, 0, spec.marker === 'abort' ? 0 : 1]), Buffer.alloc(6), {})]
    : spec.records.map(({ delta, key = null, value }) =>
        recordBytes(
          delta,
          delta,
          key === null ? null : Buffer.from(key),
          value === null ? null : Buffer.from(value),
          spec.headers ?? {},
        ),
      );
  const plain = Buffer.concat(records);
  const packed = spec.codec ? spec.codec.pack(plain) : plain;
  const header = Buffer.alloc(61);
  const attributes =
    (spec.codec?.number ?? 0) |
    (spec.appendTsMs === undefined ? 0 : 0x08) |
    (spec.transactional || spec.marker ? 0x10 : 0) |
    (spec.marker ? 0x20 : 0);
  header.writeBigInt64BE(BigInt(spec.baseOffset), 0);
  header.writeInt32BE(61 - 12 + packed.length, 8);
  header.writeInt8(spec.magic ?? 2, 16);
  header.writeInt16BE(attributes, 21);
  header.writeInt32BE(spec.lastDelta ?? spec.records.at(-1)?.delta ?? 0, 23);
  header.writeBigInt64BE(BigInt(spec.createTsMs ?? 0), 27);
  header.writeBigInt64BE(BigInt(spec.appendTsMs ?? 0), 35);
  header.writeBigInt64BE(BigInt(spec.producerId ?? -1), 43);
  header.writeInt32BE(records.length, 57);
  return Buffer.concat([header, packed]);
}

function recordBytes(
  tsDelta: number,
  offsetDelta: number,
  key: Buffer | null,
  value: Buffer | null,
  headers: Readonly<Record<string, string>>,
): Buffer {
  const text = (written: string) => [varint(Buffer.byteLength(written)), Buffer.from(written)];
  const bytes = (written: Buffer | null) =>
    written === null ? [varint(-1)] : [varint(written.length), written];
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(tsDelta),
    varint(offsetDelta),
    ...bytes(key),
    ...bytes(value),
    varint(Object.keys(headers).length),
    ...Object.entries(headers).flatMap(([name, content]) => [...text(name), ...text(content)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
