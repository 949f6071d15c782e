import { crc32 } from 'node:zlib';

/** What happened to the state, in the order in which it happened. */
export type JournalEntry =
  | {
      readonly kind: 'run';
      readonly partition: number;
      /** offset of the first record */
      readonly first: number;
      /** offset to go on from */
      readonly next: number;
      /** low half of the last record's value hash: tells the log apart from another one with the same offsets */
      readonly fingerprint: number;
    }
  | { readonly kind: 'replay'; readonly rounds: number }
  /** from here on records of this schema are dead letters: the registry did not know it */
  | { readonly kind: 'unknown_schema'; readonly schemaId: number };

export const ENTRY_BYTES = 32;

const BEGIN = 0x4a;
const KINDS = ['run', 'replay', 'unknown_schema'] as const;
const CHECKED_BYTES = 28;

/**
 * Entry number `ordinal` (from 1) of journal `seq`: kind (1), nothing (1), partition (2), value (4), first (8), next (8),
 * ordinal (4), CRC-32 (4); little endian. The checksum begins with `seq`, so that an entry of another journal is none of this.
 */
export function encodeEntry(seq: number, ordinal: number, entry: JournalEntry): Buffer {
  const bytes = Buffer.alloc(ENTRY_BYTES);
  bytes.writeUInt8(KINDS.indexOf(entry.kind) + 1, 0);
  if (entry.kind === 'run') {
    bytes.writeUInt16LE(entry.partition, 2);
    bytes.writeUInt32LE(entry.fingerprint, 4);
    writeOffset(bytes, entry.first, 8);
    writeOffset(bytes, entry.next, 16);
  } else bytes.writeUInt32LE(entry.kind === 'replay' ? entry.rounds : entry.schemaId, 4);
  return sealed(bytes, seq, ordinal);
}

/** What a journal file begins with. */
export function encodeBegin(seq: number): Buffer {
  const bytes = Buffer.alloc(ENTRY_BYTES);
  bytes.writeUInt8(BEGIN, 0);
  return sealed(bytes, seq, 0);
}

export interface DecodedJournal {
  readonly entries: readonly JournalEntry[];
  /** length of what is whole; what lies behind was torn and means nothing. 0: not even the beginning is there */
  readonly wholeBytes: number;
}

/** Total: reads up to the first entry that is not whole. */
export function decodeJournal(bytes: Buffer, seq: number): DecodedJournal {
  const entries: JournalEntry[] = [];
  if (!isWhole(bytes, 0, seq, 0) || bytes[0] !== BEGIN) return { entries, wholeBytes: 0 };
  let at = ENTRY_BYTES;
  for (; isWhole(bytes, at, seq, entries.length + 1); at += ENTRY_BYTES) {
    const entry = readEntry(bytes, at);
    if (entry === null) break;
    entries.push(entry);
  }
  return { entries, wholeBytes: at };
}

function readEntry(bytes: Buffer, at: number): JournalEntry | null {
  const kind = KINDS[bytes.readUInt8(at) - 1];
  const value = bytes.readUInt32LE(at + 4);
  if (kind === 'replay') return { kind, rounds: value };
  if (kind === 'unknown_schema') return { kind, schemaId: value };
  if (kind !== 'run') return null;
  return {
    kind,
    partition: bytes.readUInt16LE(at + 2),
    first: readOffset(bytes, at + 8),
    next: readOffset(bytes, at + 16),
    fingerprint: value,
  };
}

function sealed(bytes: Buffer, seq: number, ordinal: number): Buffer {
  bytes.writeUInt32LE(ordinal >>> 0, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CHECKED_BYTES), seq >>> 0), CHECKED_BYTES);
  return bytes;
}

function isWhole(bytes: Buffer, at: number, seq: number, ordinal: number): boolean {
  if (at + ENTRY_BYTES > bytes.length) return false;
  const sum = crc32(bytes.subarray(at, at + CHECKED_BYTES), seq >>> 0);
  return bytes.readUInt32LE(at + CHECKED_BYTES) === sum && bytes.readUInt32LE(at + 24) === ordinal >>> 0;
}

function writeOffset(bytes: Buffer, offset: number, at: number): void {
  bytes.writeUInt32LE(offset >>> 0, at);
  bytes.writeUInt32LE(Math.floor(offset / 2 ** 32), at + 4);
}

function readOffset(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}
