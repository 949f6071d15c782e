import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDelayQueue } from '../../../producer/faults/delay-queue.ts';

type Step = { readonly push: { readonly dueMs: number } } | { readonly nowMs: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ push: fc.record({ dueMs: fc.nat(20) }) }),
  fc.record({ nowMs: fc.nat(25) }),
);

describe('delay queue', () => {
  it('gives out what is due, the earliest first and equals in the order they came, like a sorted list', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 40 }), (steps, capacity) => {
        const queue = createDelayQueue<number>(capacity);
        let model: { dueMs: number; item: number }[] = [];
        steps.forEach((one, item) => {
          if ('push' in one) {
            const taken = queue.push(one.push.dueMs, item);
            expect(taken).toBe(model.length < capacity);
            if (taken)
              model = [...model, { ...one.push, item }].sort((a, b) => a.dueMs - b.dueMs || a.item - b.item);
          } else {
            const first = model[0];
            const due = first && first.dueMs <= one.nowMs ? first.item : undefined;
            expect(queue.peekDue(one.nowMs)).toBe(due);
            expect(queue.peekDue(one.nowMs)).toBe(due);
            if (due !== undefined) {
              queue.removeFirst();
              model = model.slice(1);
            }
          }
          expect(queue.size).toBe(model.length);
          expect(queue.nextDueMs()).toBe(model[0]?.dueMs ?? Number.POSITIVE_INFINITY);
        });
      }),
    );
  });

  it('takes nothing out of an empty queue', () => {
    const queue = createDelayQueue<string>(10);
    queue.push(50, 'only one');
    queue.removeFirst();
    queue.removeFirst();
    expect(queue.size).toBe(0);
  });
});
