import { ReelstreamError } from '../../core/errors.ts';

/** Seven bits a byte, the lowest first: LEB128. Numbers are whole and not negative, exact up to 2^53 - 1. */
const MORE = 128;
const INITIAL_BYTES = 256;

/** Bytes that grow at the end. */
export interface Payload {
  readonly length: number;
  /** @throws RangeError for anything but a whole number from 0 to 2^53 - 1 */
  number(value: number): void;
  /** the bytes so far; the payload starts anew */
  take(): Buffer;
}

export function createPayload(): Payload {
  let bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  let length = 0;
  const put = (byte: number) => {
    if (length === bytes.length) bytes = Buffer.concat([bytes], bytes.length * 2);
    bytes[length] = byte;
    length += 1;
  };
  return {
    get length() {
      return length;
    },
    number(value) {
      if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} does not fit a ledger`);
      let rest = value;
      for (; rest >= MORE; rest = Math.floor(rest / MORE)) put((rest % MORE) + MORE);
      put(rest);
    },
    take() {
      const taken = Buffer.from(bytes.subarray(0, length));
      length = 0;
      return taken;
    },
  };
}

/** Reads what `createPayload` wrote. */
export interface PayloadReader {
  readonly done: boolean;
  /** @throws ReelstreamError `bad_data` when there is no number */
  number(): number;
}

export function readPayload(bytes: Buffer): PayloadReader {
  let at = 0;
  return {
    get done() {
      return at === bytes.length;
    },
    number() {
      let value = 0;
      for (let factor = 1; at < bytes.length; factor *= MORE) {
        const byte = bytes[at++]!;
        value += (byte % MORE) * factor;
        if (!Number.isSafeInteger(value)) break;
        if (byte < MORE) return value;
      }
      throw new ReelstreamError('bad_data', 'a frame ends in the middle of a number');
    },
  };
}
