import type { Writable } from 'node:stream';
import { systemClock } from '../../core/clock.ts';
import { withDeadline } from '../../core/deadline.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { LogWriter, WriterCounts } from '../../kafka/log-writer.ts';

/** What comes within one turn is written together, in pieces of about this size. */
const PIECE_BYTES = 64 * 1024;

export interface TextWriterOptions {
  readonly stream: Writable;
  /** how errors name the stream */
  readonly name: string;
  /** first line, without its end */
  readonly header?: string | undefined;
  /** called when the line has been taken by the system */
  readonly onTaken?: ((tag: number) => void) | undefined;
  /** false for stdout, which is not ours to end */
  readonly endsStream: boolean;
}

/**
 * One line per record, keys left out. A line counts as acknowledged when the system has taken it.
 * Calls throw ReelstreamError `unavailable` once the stream has failed: its reader is gone, or the disk is full.
 */
export function createTextWriter({
  stream,
  name,
  header,
  onTaken,
  endsStream,
}: TextWriterOptions): LogWriter {
  let lines: string[] = [];
  let pieceBytes = 0;
  let tags: number[] = [];
  let enqueued = 0;
  let acked = 0;
  let dead: ReelstreamError | null = null;
  let drained: Promise<void> | null = null;

  const die = (cause: Error): void => {
    dead ??= new ReelstreamError('unavailable', `${name} takes no more: ${cause.message}`, { cause });
  };
  stream.on('error', die);
  if (header !== undefined) stream.write(`${header}\n`);

  const push = (): Promise<void> => {
    if (lines.length === 0) return Promise.resolve();
    const piece = `${lines.join('\n')}\n`;
    const taken = tags;
    lines = [];
    tags = [];
    pieceBytes = 0;
    return new Promise((resolve) => {
      stream.write(piece, (error) => {
        if (error) die(error);
        else {
          acked += taken.length;
          for (const tag of taken) onTaken?.(tag);
        }
        resolve();
      });
    });
  };
  /** One wait for all who ask: each would leave its listeners behind. */
  const untilDrained = (): Promise<void> => {
    drained ??= new Promise<void>((resolve) => {
      const go = () => {
        stream.off('drain', go).off('error', go).off('close', go);
        drained = null;
        resolve();
      };
      stream.on('drain', go).on('error', go).on('close', go);
    });
    return drained;
  };
  const counts = (): WriterCounts => ({ enqueued, acked, failed: 0 });
  const flush = async (deadlineMs: number): Promise<WriterCounts> => {
    // an empty write is answered after everything before it
    const rest = push().then(() => new Promise<void>((resolve) => void stream.write('', () => resolve())));
    await withDeadline(rest, deadlineMs, systemClock, `writing to ${name}`);
    if (dead) throw dead;
    return counts();
  };
  return {
    get error() {
      return dead;
    },
    tryWrite(_key, value, tag = 0) {
      if (dead) throw dead;
      if (stream.writableNeedDrain) return false;
      lines.push(value === null ? '' : value.toString());
      tags.push(tag);
      pieceBytes += value === null ? 1 : value.length + 1;
      enqueued += 1;
      if (pieceBytes >= PIECE_BYTES) void push();
      else if (lines.length === 1) setImmediate(() => void push());
      return true;
    },
    async room() {
      if (!dead && stream.writableNeedDrain) await untilDrained();
      if (dead) throw dead;
    },
    flush,
    counts,
    async close(deadlineMs) {
      if (!dead && deadlineMs > 0) await flush(deadlineMs).catch(die);
      if (endsStream && !stream.destroyed) await new Promise<void>((resolve) => void stream.end(resolve));
      stream.off('error', die);
      return counts();
    },
  };
}
