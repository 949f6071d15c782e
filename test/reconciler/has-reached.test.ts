import { expect, it } from 'vitest';
import { hasReached } from '../../reconciler/has-reached.ts';

const ends = (...bounds: readonly (readonly [start: number, end: number])[]) =>
  new Map(bounds.map(([start, end], partition) => [partition, { start, end }]));
const at = (...nexts: readonly (number | null)[]) => nexts.map((next, partition) => ({ partition, next }));

it('a sink has reached what the log held earlier when it has done so on every partition', () => {
  const earlier = ends([0, 10], [0, 20]);
  const now = ends([0, 90], [0, 90]);
  expect(hasReached(at(10, 20), earlier, now)).toBe(true);
  expect(hasReached(at(90, 19), earlier, now)).toBe(false);
  expect(hasReached(at(10, null), earlier, now)).toBe(false);
  expect(hasReached([], earlier, now)).toBe(false);
});

it('a log without records, one that expired and one that was made anew hold nobody up', () => {
  expect(hasReached([], ends([0, 0]), ends([0, 0]))).toBe(true);
  expect(hasReached(at(7), ends([0, 10]), ends([10, 10]))).toBe(true);
  expect(hasReached(at(5), ends([0, 1_000]), ends([0, 5]))).toBe(true);
  expect(hasReached(at(4), ends([0, 1_000]), ends([0, 5]))).toBe(false);
});
