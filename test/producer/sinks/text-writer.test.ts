import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createTextWriter, type TextWriterOptions } from '../../../producer/sinks/text-writer.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** A stream whose every write waits until the test lets it through. */
class Pipe extends Writable {
  text = '';
  held: (() => void)[] = [];
  isOpen = true;

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const take = () => {
      this.text += chunk.toString();
      done();
    };
    if (this.isOpen) take();
    else this.held.push(take);
  }

  open(): void {
    this.isOpen = true;
    for (const take of this.held.splice(0)) take();
  }
}

const LINE = Buffer.from('1,2,3.0');
/** more than a stream takes without waiting */
const MANY = 20_000;

function openOn(pipe: Pipe, options: Partial<TextWriterOptions> = {}) {
  const taken: number[] = [];
  const writer = createTextWriter({
    stream: pipe,
    name: 'the pipe',
    endsStream: true,
    onTaken: (tag) => void taken.push(tag),
    ...options,
  });
  return { writer, taken };
}

describe('a text writer', () => {
  it('writes a header and a line per record, and says which ones the system has taken', async () => {
    const pipe = new Pipe();
    const { writer, taken } = openOn(pipe, { header: 'user_id,movie_id,rating' });
    for (let tag = 0; tag < 3; tag++) expect(writer.tryWrite(Buffer.of(1), LINE, tag)).toBe(true);
    writer.tryWrite(null, null, 3);
    expect(writer.counts()).toEqual({ enqueued: 4, acked: 0, failed: 0 });
    expect(await writer.flush(1_000)).toEqual({ enqueued: 4, acked: 4, failed: 0 });
    expect(pipe.text).toBe('user_id,movie_id,rating\n1,2,3.0\n1,2,3.0\n1,2,3.0\n\n');
    expect(taken).toEqual([0, 1, 2, 3]);
  });

  it('does not keep a line waiting for others', async () => {
    const pipe = new Pipe();
    const { writer, taken } = openOn(pipe);
    for (let tag = 0; tag < 3; tag++) {
      writer.tryWrite(null, LINE, tag);
      await waitUntil('the line is written', 1_000, () => taken.length === tag + 1);
    }
    expect(pipe.text).toBe(`${LINE}\n`.repeat(3));
  });

  it('refuses records while the stream is full, and takes them again when it has drained', async () => {
    const pipe = new Pipe();
    pipe.isOpen = false;
    const { writer } = openOn(pipe);
    let sent = 0;
    while (writer.tryWrite(null, LINE, sent)) sent += 1;
    expect(sent).toBeLessThan(MANY);
    const rooms = [writer.room(), writer.room()];
    pipe.open();
    await Promise.all(rooms);
    while (sent < MANY) {
      if (writer.tryWrite(null, LINE, sent)) sent += 1;
      else await writer.room();
    }
    expect(await writer.flush(1_000)).toEqual({ enqueued: MANY, acked: MANY, failed: 0 });
    expect(pipe.text).toBe(`${LINE}\n`.repeat(MANY));
    expect(pipe.listenerCount('drain')).toBe(0);
  });

  it('has room when the stream has drained before anybody asked', async () => {
    const pipe = new Pipe();
    pipe.isOpen = false;
    const { writer } = openOn(pipe);
    while (writer.tryWrite(null, LINE));
    pipe.open();
    await waitUntil('the stream has drained', 1_000, () => !pipe.writableNeedDrain);
    expect(writer.tryWrite(null, LINE)).toBe(true);
    await writer.room();
  });

  it('waits no longer than asked for', async () => {
    const pipe = new Pipe();
    const { writer } = openOn(pipe);
    pipe.isOpen = false;
    writer.tryWrite(null, LINE);
    await expect(writer.flush(20)).rejects.toMatchObject({ code: 'timeout' });
    pipe.open();
    expect(await writer.close(1_000)).toMatchObject({ acked: 1 });
  });

  it('ends when its reader is gone, whoever waits, and counts what was taken before', async () => {
    const pipe = new Pipe();
    const { writer } = openOn(pipe);
    writer.tryWrite(null, LINE);
    await writer.flush(1_000);
    pipe.isOpen = false;
    while (writer.tryWrite(null, LINE));
    const room = writer.room();
    pipe.destroy(new Error('write EPIPE'));
    const gone = { code: 'unavailable', message: 'the pipe takes no more: write EPIPE' };
    await expect(room).rejects.toMatchObject(gone);
    expect(() => writer.tryWrite(null, LINE)).toThrow(gone.message);
    await expect(writer.flush(1_000)).rejects.toMatchObject(gone);
    expect(await writer.close(1_000)).toMatchObject({ acked: 1 });
  });

  it('ends a stream of its own and no other', async () => {
    const own = new Pipe();
    await openOn(own).writer.close(1_000);
    expect(own.writableFinished).toBe(true);
    const others = new Pipe();
    const { writer } = openOn(others, { endsStream: false });
    writer.tryWrite(null, LINE);
    await writer.close(1_000);
    expect([others.writableEnded, others.text]).toEqual([false, `${LINE}\n`]);
    expect(others.listenerCount('error')).toBe(0);
  });
});
