import type { Readable } from 'node:stream';

/** One file of a source. Wherever it lies, it is read from the beginning as a stream. */
export interface SourceFile {
  /** within the source, with `/` */
  readonly path: string;
  readonly bytes: number;
  open(): Promise<Readable>;
}

/** Where a catalogue comes from: a folder, or a zip archive near or far. */
export interface Source {
  /** for people and the log: without user, password and query */
  readonly label: string;
  /** ETag or Last-Modified of what was fetched; null where only the content tells */
  readonly revision: string | null;
  readonly files: readonly SourceFile[];
  /** subfolders that could not be read */
  readonly unreadable?: readonly string[];
  close(): Promise<void>;
}

/** Limits on what a stranger's archive or server may cost. */
export interface ByteBudget {
  readonly maxDownloadBytes: number;
  readonly maxUnpackedBytes: number;
}
