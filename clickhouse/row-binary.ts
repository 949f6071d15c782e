/** A length in RowBinary: LEB128, seven bits a byte, the lowest first. */
export function encodeLength(length: number): Buffer {
  const bytes: number[] = [];
  for (let rest = length; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}

export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([encodeLength(bytes.length), bytes]);
}

/** Array(UInt32) */
export function encodeUInt32Array(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeUInt32LE(value, i * 4);
  });
  return Buffer.concat([encodeLength(values.length), bytes]);
}
