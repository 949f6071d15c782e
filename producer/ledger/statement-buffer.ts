import { encodeFrame } from './frame.ts';
import { createPayload } from './varint.ts';

/** Statements since the last checkpoint, as bytes. */
export interface StatementBuffer {
  fault(n: number, label: string, copies: number): void;
  overloaded(n: number): void;
  /** frames of everything so far, the checkpoint last; the buffer starts anew */
  checkpoint(next: number, failed: readonly number[]): Buffer[];
  take(): Buffer[];
}

/** A batch is closed at about this size, far below what a frame may hold. */
const BATCH_BYTES = 64 * 1024;
/** Numbers of up to eight bytes: far below what a frame may hold, too. */
const FAILED_PER_FRAME = 10_000;

/** @param step from one own number to the next */
export function createStatementBuffer(step: number): StatementBuffer {
  let frames: Buffer[] = [];
  const labels = new Map<string, number>();
  const rising = { fault: createRising(), overloaded: createRising() };
  let reached = 0;
  const faults = createBatch((bytes) => frames.push(encodeFrame('faults', bytes)));
  const ranges = createBatch((bytes) => frames.push(encodeFrame('overloaded', bytes)));
  let open: { readonly first: number; count: number } | null = null;

  const labelIndex = (label: string): number => {
    const known = labels.get(label);
    if (known !== undefined) return known;
    labels.set(label, labels.size);
    frames.push(encodeFrame('label', Buffer.from(label, 'utf8')));
    return labels.size - 1;
  };
  const endRange = (): void => {
    if (open === null) return;
    ranges.add(open.first, [open.count]);
    open = null;
  };
  const take = (): Buffer[] => {
    endRange();
    faults.close();
    ranges.close();
    const taken = frames;
    frames = [];
    return taken;
  };

  return {
    fault(n, label, copies) {
      rising.fault(n);
      const index = labelIndex(label) * 2;
      faults.add(n, copies > 0 ? [index + 1, copies] : [index]);
    },
    overloaded(n) {
      rising.overloaded(n);
      if (open !== null && n === open.first + open.count * step) {
        open.count += 1;
        return;
      }
      endRange();
      open = { first: n, count: 1 };
    },
    checkpoint(next, failed) {
      if (next < reached) throw new RangeError(`checkpoint ${next} comes after ${reached}`);
      const taken = take();
      const sorted = [...failed].sort((a, b) => a - b);
      // the last frame alone moves on, so that no failure can come behind the checkpoint that counts it
      for (; sorted.length > FAILED_PER_FRAME; ) {
        taken.push(checkpointFrame(reached, sorted.splice(0, FAILED_PER_FRAME)));
      }
      taken.push(checkpointFrame(next, sorted));
      reached = next;
      return taken;
    },
    take,
  };
}

function checkpointFrame(next: number, failed: readonly number[]): Buffer {
  const payload = createPayload();
  payload.number(next);
  let last = 0;
  for (const n of failed) {
    payload.number(n - last);
    last = n;
  }
  return encodeFrame('checkpoint', payload.take());
}

/** Numbers as distances, each with what belongs to it; every batch begins with an absolute number. */
function createBatch(full: (bytes: Buffer) => void) {
  const payload = createPayload();
  let last = 0;
  const close = () => {
    if (payload.length > 0) full(payload.take());
    last = 0;
  };
  return {
    close,
    add(n: number, facts: readonly number[]) {
      payload.number(n - last);
      for (const fact of facts) payload.number(fact);
      last = n;
      if (payload.length >= BATCH_BYTES) close();
    },
  };
}

/** An event reported twice would be counted twice. */
function createRising(): (n: number) => void {
  let last = -1;
  return (n) => {
    if (!(n > last)) throw new RangeError(`event ${n} was reported after event ${last}`);
    last = n;
  };
}
