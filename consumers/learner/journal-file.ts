import { closeSync, fdatasync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { ReelstreamError } from '../../core/errors.ts';
import {
  type DecodedJournal,
  decodeJournal,
  ENTRY_BYTES,
  encodeBegin,
  encodeEntry,
  type JournalEntry,
} from './journal-codec.ts';

const syncFile = promisify(fdatasync);

/** An open journal. An entry is with the system when `append` returns: only a loss of power can still lose it. */
export interface Journal {
  readonly seq: number;
  readonly entries: number;
  /** @throws ReelstreamError `unavailable` when the disk does not take it: what it stands for must not happen */
  append(entry: JournalEntry): void;
  /** forces what was appended to disk, so that a loss of power costs no more than what came after */
  sync(): Promise<void>;
  /** forces it to disk and closes it */
  end(): Promise<void>;
}

/** Begins a journal; one of that number is written over. */
export function createJournal(path: string, seq: number): Journal {
  const file = openSync(path, 'w');
  write(file, path, encodeBegin(seq));
  return openedJournal(file, path, seq, 0);
}

/** Goes on behind what is whole of it. */
export function continueJournal(path: string, seq: number, { entries, wholeBytes }: DecodedJournal): Journal {
  if (wholeBytes === 0) return createJournal(path, seq);
  truncateSync(path, wholeBytes);
  return openedJournal(openSync(path, 'a'), path, seq, entries.length);
}

/** Null when there is no such file. */
export function readJournal(path: string, seq: number): DecodedJournal | null {
  try {
    return decodeJournal(readFileSync(path), seq);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function openedJournal(file: number, path: string, seq: number, before: number): Journal {
  let entries = before;
  let synced = before;
  let syncing: Promise<void> | null = null;

  function sync(): Promise<void> {
    if (syncing || synced === entries) return syncing ?? Promise.resolve();
    const upTo = entries;
    const forced = syncFile(file).then(() => {
      synced = upTo;
    });
    syncing = forced.finally(() => {
      syncing = null;
    });
    return syncing;
  }

  return {
    seq,
    get entries() {
      return entries;
    },
    append(entry) {
      write(file, path, encodeEntry(seq, entries + 1, entry));
      entries += 1;
    },
    sync,
    async end() {
      try {
        await syncing;
        await syncFile(file);
      } finally {
        closeSync(file);
      }
    },
  };
}

function write(file: number, path: string, bytes: Buffer): void {
  let written = 0;
  try {
    written = writeSync(file, bytes);
  } catch (cause) {
    throw new ReelstreamError('unavailable', `${path}: ${(cause as Error).message}`, { cause });
  }
  if (written < ENTRY_BYTES) throw new ReelstreamError('unavailable', `${path}: the disk is full`);
}
