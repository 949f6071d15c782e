/**
 * SQL text with one character per byte: offsets are byte offsets, rows behind a statement do no harm, and every
 * symbol of the syntax is ASCII.
 */
export type ByteText = string;

export function toByteText(bytes: Buffer): ByteText {
  return bytes.toString('latin1');
}

/** The text as the engine's binding wants it. */
export function fromByteText(text: ByteText): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** A ClickHouse string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

export function quotedName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
