import avsc from 'avsc';
import type { Decoded } from '../core/decoded.ts';
import { ReelstreamError } from '../core/errors.ts';
import type { DeadLetterReason } from '../core/verdict.ts';

/** Confluent's wire format: a zero byte, the schema id as a big-endian int32, then the Avro bytes. */
const HEADER_BYTES = 5;
const MAGIC = 0;
/** Larger slabs are kept alive longer by one small view, smaller ones are made more often. */
const SLAB_BYTES = 64 * 1024;
/** Poison may name any of 2^31 ids; what was learnt about the oldest is forgotten and asked again. */
const MAX_WRITERS = 10_000;

export interface Decoder<T> {
  /** Never throws, whatever the bytes. `unresolved` names a schema id nobody has told this decoder about yet. */
  decode(value: Buffer | null): Decoded<T>;
  /**
   * From now on bytes of this schema id are read with this writer schema. False when the text is no Avro schema or
   * cannot be resolved into the reader schema: then every value of this id is `decode`.
   */
  learn(schemaId: number, writerSchema: string): boolean;
  /** From now on every value of this schema id is `unknown_schema`. */
  learnUnknown(schemaId: number): void;
}

export interface DecoderOptions<T> {
  readonly readerSchema: string;
  /** Avro record -> event; null when a field is outside its Avro type (see avro-range.ts) */
  readonly fromRecord: (record: Readonly<Record<string, unknown>>) => T | null;
  /** larger values are `too_large` without being read */
  readonly maxBytes?: number;
}

/** How to read a writer's bytes; a reason where they cannot be read. No resolver: written with the reader schema. */
type Writer = { readonly resolver: avsc.Resolver | undefined } | { readonly reason: DeadLetterReason };

/**
 * Decodes values of any writer schema into one reader schema. The resolver of a writer is built once (4.6 us per
 * message otherwise). avsc copies fixed fields out of the buffer: a view would keep a whole fetch of megabytes
 * alive for as long as a 16-byte id stays in the duplicate window.
 */
export function createDecoder<T>(options: DecoderOptions<T>): Decoder<T> {
  const { fromRecord, maxBytes = 1_000_000 } = options;
  const reader = parseSchema(options.readerSchema);
  const writers = new Map<number, Writer>();
  const remember = (schemaId: number, writer: Writer) => {
    const oldest = writers.keys().next();
    if (writers.size >= MAX_WRITERS && !oldest.done) writers.delete(oldest.value);
    writers.set(schemaId, writer);
  };

  return {
    decode(value) {
      if (value === null) return rejected('decode');
      if (value.length > maxBytes) return rejected('too_large');
      if (value.length < HEADER_BYTES || value[0] !== MAGIC) return rejected('bad_magic');
      const schemaId = value.readInt32BE(1);
      const writer = writers.get(schemaId);
      if (writer === undefined) return { event: undefined, reason: undefined, unresolved: schemaId };
      if ('reason' in writer) return rejected(writer.reason);
      try {
        const { value: record, offset } = reader.decode(value, HEADER_BYTES, writer.resolver);
        if (offset < 0) return rejected('decode');
        if (offset !== value.length) return rejected('trailing_bytes');
        const event = fromRecord(record);
        return event === null ? rejected('decode') : { event, reason: undefined, unresolved: undefined };
      } catch {
        // Not an Avro record of this schema: enum or union index out of range, a long beyond 2^53, a name too long
        return rejected('decode');
      }
    },

    learn(schemaId, writerSchema) {
      try {
        const writer = parseSchema(writerSchema);
        const same = writer.equals(reader);
        remember(schemaId, { resolver: same ? undefined : reader.createResolver(writer) });
        return true;
      } catch {
        // Registered by somebody else for something else; its bytes can never become one of our events
        remember(schemaId, { reason: 'decode' });
        return false;
      }
    },

    learnUnknown(schemaId) {
      remember(schemaId, { reason: 'unknown_schema' });
    },
  };
}

export interface EncoderOptions<T> {
  readonly schema: string;
  /** id the registry gave to `schema` */
  readonly schemaId: number;
  /** event -> Avro record; may return the same object every time */
  readonly toRecord: (event: T) => Readonly<Record<string, unknown>>;
}

export type Encode<T> = (event: T) => Buffer;

/**
 * Encodes events into a slab and hands out views; a slab is never written twice, so a view stays valid as long as
 * its holder wants.
 * The function throws ReelstreamError `bad_data` for an event that does not fit the schema.
 */
export function createEncoder<T>(options: EncoderOptions<T>): Encode<T> {
  const { schemaId, toRecord } = options;
  const writer = parseSchema(options.schema);
  let slab = Buffer.allocUnsafe(SLAB_BYTES);
  let start = 0;
  const encodeAt = (record: unknown): number => {
    try {
      return writer.encode(record, slab, start + HEADER_BYTES);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new ReelstreamError('bad_data', `the event does not fit its schema: ${message}`, { cause });
    }
  };

  return function encode(event) {
    const record = toRecord(event);
    let end = encodeAt(record);
    if (end < 0) {
      // avsc answers how many bytes were missing
      const neededBytes = slab.length - start - end;
      slab = Buffer.allocUnsafe(Math.max(SLAB_BYTES, neededBytes));
      start = 0;
      end = encodeAt(record);
    }
    slab[start] = MAGIC;
    slab.writeInt32BE(schemaId, start + 1);
    const bytes = slab.subarray(start, end);
    start = end;
    return bytes;
  };
}

/** Unions stay unwrapped: adding a branch later must not change the shape of what is already read. */
function parseSchema(text: string): avsc.Type {
  return avsc.Type.forSchema(JSON.parse(text), { wrapUnions: 'never' });
}

const REJECTED = new Map<DeadLetterReason, Decoded<never>>();

/** One shared answer per reason: a flood of bad bytes must not cost more than a flood of good ones. */
function rejected(reason: DeadLetterReason): Decoded<never> {
  const known = REJECTED.get(reason);
  if (known) return known;
  const made = Object.freeze({ event: undefined, reason, unresolved: undefined });
  REJECTED.set(reason, made);
  return made;
}
