/** A run of the generator: 15 hexadecimal digits (60 bits). */
export type RunId = string;

const DIGITS = 15;
const VARIANT = 0x80;
/** byte 8 holds the variant in its two upper bits, so that the number starts at byte 9 with 56 bits: 2^53 fits */
const NUMBER_AT = 9;

/** Up to 15 hexadecimal digits, as printed or as typed by a person; null for anything else. */
export function parseRunId(text: string): RunId | null {
  return /^[0-9a-fA-F]{1,15}$/.test(text) ? text.toLowerCase().padStart(DIGITS, '0') : null;
}

/**
 * Ids of one run: UUIDs of version 8 (RFC 9562), `rrrrrrrr-rrrr-8rrr-80nn-nnnnnnnnnnnn` with r the run and n the event
 * number. Reversible, so that a stray event names its run and number, and nearly sequential, so that the column
 * compresses. Whoever hashes ids must use all 16 bytes: the first eight are equal within a run.
 * @returns writes 16 bytes into the array it is given, or into a new one
 * @throws RangeError for a number that is no whole number below 2^53
 */
export function createEventIds(runId: RunId): (eventNumber: number, into?: Uint8Array) => Uint8Array {
  const parsed = parseRunId(runId);
  if (parsed === null) throw new RangeError(`"${runId}" is no run id`);
  const digits = `${parsed.slice(0, 12)}8${parsed.slice(12)}`;
  const run = Uint8Array.from({ length: 8 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
  return (eventNumber, id = new Uint8Array(16)) => {
    if (!Number.isSafeInteger(eventNumber) || eventNumber < 0) {
      throw new RangeError(`${eventNumber} is no event number`);
    }
    id.set(run);
    id[8] = VARIANT;
    let rest = eventNumber;
    for (let i = 15; i >= NUMBER_AT; i--) {
      id[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    return id;
  };
}

/** The run and the number behind an id; null when it is not of this form. */
export function readEventId(id: Uint8Array): { readonly runId: RunId; readonly eventNumber: number } | null {
  if (id.length !== 16 || id[8] !== VARIANT) return null;
  const digits = [...id.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (digits[12] !== '8') return null;
  const eventNumber = id.subarray(NUMBER_AT).reduce((number, byte) => number * 256 + byte, 0);
  if (!Number.isSafeInteger(eventNumber)) return null;
  return { runId: digits.slice(0, 12) + digits.slice(13), eventNumber };
}
