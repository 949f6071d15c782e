import { ReelstreamError } from '../../core/errors.ts';
import { parseRunId } from '../../core/event-id.ts';
import type { Frame } from './frame.ts';
import type { LedgerFooter, LedgerHeader, StatementHandlers } from './ledger.ts';
import { type PayloadReader, readPayload } from './varint.ts';

export interface StatementDecoder {
  readonly header: LedgerHeader | null;
  readonly footer: LedgerFooter | null;
  /** @throws ReelstreamError `bad_data` for a frame that no writer could have put here */
  take(frame: Frame): void;
}

/** Frames whose checksums are right, in their order, into statements. */
export function createStatementDecoder(
  handlersFor: (header: LedgerHeader) => StatementHandlers,
): StatementDecoder {
  const labels: string[] = [];
  let header: LedgerHeader | null = null;
  let footer: LedgerFooter | null = null;
  let handlers: StatementHandlers | null = null;

  const takeStatement = ({ type, payload }: Frame, to: StatementHandlers): void => {
    switch (type) {
      case 'header':
        throw nonsense('a second header');
      case 'label':
        labels.push(payload.toString('utf8'));
        return;
      case 'faults':
        readFaults(readPayload(payload), labels, to);
        return;
      case 'overloaded':
        readRanges(readPayload(payload), to);
        return;
      case 'checkpoint':
        readCheckpoint(readPayload(payload), to);
        return;
      case 'footer':
        footer = readFooter(payload);
        return;
    }
  };
  return {
    get header() {
      return header;
    },
    get footer() {
      return footer;
    },
    take(frame) {
      if (footer !== null) throw nonsense('something behind the footer');
      if (handlers !== null) return takeStatement(frame, handlers);
      if (frame.type !== 'header') throw nonsense('no header before it');
      header = readHeader(frame.payload);
      handlers = handlersFor(header);
    },
  };
}

function readFaults(payload: PayloadReader, labels: readonly string[], { onFault }: StatementHandlers): void {
  for (let n = 0; !payload.done; ) {
    n += payload.number();
    const index = payload.number();
    const copies = index % 2 === 1 ? payload.number() : 0;
    const label = labels[Math.floor(index / 2)];
    if (label === undefined) throw nonsense(`event ${n} has a label that was never given`);
    onFault(n, label, copies);
  }
}

function readRanges(payload: PayloadReader, { onOverloaded }: StatementHandlers): void {
  for (let first = 0; !payload.done; ) {
    first += payload.number();
    onOverloaded(first, payload.number());
  }
}

function readCheckpoint(payload: PayloadReader, { onCheckpoint }: StatementHandlers): void {
  const next = payload.number();
  const failed: number[] = [];
  for (let n = 0; !payload.done; ) {
    n += payload.number();
    failed.push(n);
  }
  onCheckpoint(next, failed);
}

function readHeader(payload: Buffer): LedgerHeader {
  const header = JSON.parse(payload.toString('utf8')) as LedgerHeader;
  const { runId, first, worker, workers, runAhead, log } = header;
  const offsets = [...(log?.startOffsets ?? []), ...(log?.letters?.startOffsets ?? [])];
  const numbers = [first, worker, workers, runAhead, ...offsets];
  const isWhole = numbers.every((value) => Number.isSafeInteger(value) && value >= 0);
  if (!isWhole || worker >= workers || parseRunId(runId) !== runId) {
    throw nonsense('a header of another program');
  }
  return header;
}

function readFooter(payload: Buffer): LedgerFooter {
  const footer = JSON.parse(payload.toString('utf8')) as LedgerFooter;
  const { generated, acknowledged, failed, overloaded, byLabel } = footer;
  const numbers = [generated, acknowledged, failed, overloaded, ...Object.values(byLabel)];
  if (numbers.every((value) => Number.isSafeInteger(value) && value >= 0)) return footer;
  throw nonsense('a footer of another program');
}

function nonsense(what: string): ReelstreamError {
  return new ReelstreamError('bad_data', what);
}
