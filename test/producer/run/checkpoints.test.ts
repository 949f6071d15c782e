import { describe, expect, it } from 'vitest';
import { ReelstreamError } from '../../../core/errors.ts';
import { createCheckpoints } from '../../../producer/run/checkpoints.ts';

/** A disk whose writes end when the test says so. */
function createDisk() {
  const written: number[] = [];
  const waiting: { end: () => void; fail: (error: unknown) => void }[] = [];
  return {
    written,
    waiting,
    write: (position: number) =>
      new Promise<void>((resolve, reject) => {
        written.push(position);
        waiting.push({ end: resolve, fail: reject });
      }),
  };
}

describe('checkpoints', () => {
  it('are durable when the disk has answered, and not before', async () => {
    const disk = createDisk();
    const checkpoints = createCheckpoints(5, disk.write);
    expect([checkpoints.durable, checkpoints.busy]).toEqual([5, false]);
    checkpoints.begin(9);
    expect([checkpoints.durable, checkpoints.busy]).toEqual([5, true]);
    disk.waiting[0]!.end();
    await checkpoints.idle();
    expect([checkpoints.durable, checkpoints.busy]).toEqual([9, false]);
  });

  it('are written one at a time: what comes meanwhile is for the next one', async () => {
    const disk = createDisk();
    const checkpoints = createCheckpoints(0, disk.write);
    for (const position of [3, 4, 7]) checkpoints.begin(position);
    expect(disk.written).toEqual([3]);
    disk.waiting[0]!.end();
    await checkpoints.idle();
    checkpoints.begin(7);
    expect(disk.written).toEqual([3, 7]);
  });

  it('are not written again for a position that is durable, and never go back', () => {
    const disk = createDisk();
    const checkpoints = createCheckpoints(10, disk.write);
    checkpoints.begin(10);
    checkpoints.begin(8);
    expect(disk.written).toEqual([]);
  });

  it('keep what the disk refused, with the position before it', async () => {
    const disk = createDisk();
    const checkpoints = createCheckpoints(0, disk.write);
    checkpoints.begin(4);
    disk.waiting[0]!.fail(new ReelstreamError('unavailable', 'the disk is full'));
    await checkpoints.idle();
    expect(checkpoints).toMatchObject({ durable: 0, busy: false, error: { message: 'the disk is full' } });
  });
});
