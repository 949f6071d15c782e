import { expect, it } from 'vitest';
import { createNullWriter } from '../../../producer/sinks/null-writer.ts';

it('the null writer takes everything, and answers only after the call has returned', async () => {
  const taken: number[] = [];
  const writer = createNullWriter((tag) => void taken.push(tag));
  for (let tag = 0; tag < 3; tag++) expect(writer.tryWrite(null, null, tag)).toBe(true);
  expect(taken).toEqual([]);
  await Promise.resolve();
  expect(taken).toEqual([0, 1, 2]);
  writer.tryWrite(null, null, 3);
  expect(await writer.flush(1_000)).toEqual({ enqueued: 4, acked: 4, failed: 0 });
  expect(taken).toEqual([0, 1, 2, 3]);
  await writer.room();
  expect(await writer.close(1_000)).toEqual(writer.counts());
});
