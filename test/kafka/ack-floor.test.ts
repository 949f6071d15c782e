import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAckFloor } from '../../kafka/ack-floor.ts';

describe('createAckFloor', () => {
  it('counts what was enqueued before the moment of the statistics and is neither held nor failed', () => {
    const floor = createAckFloor();
    floor.sample(1_000, 10);
    floor.sample(2_000, 30);
    floor.sample(3_000, 50);
    floor.observe(2_500, 5, 1);
    expect(floor.acked).toBe(24);
    floor.observe(2_600, 29, 1);
    expect(floor.acked).toBe(24);
  });

  it('says nothing from statistics older than every sample or of another clock', () => {
    const floor = createAckFloor();
    floor.observe(1_000, 0, 0);
    floor.sample(2_000, 30);
    floor.observe(1_500, 0, 0);
    floor.observe(1_700_000_000_000_000, 0, 0);
    expect(floor.acked).toBe(0);
  });

  it('never leads the truth and never goes back, however late statistics are handled', () => {
    const step = fc.constantFrom('enqueue', 'ack', 'fail', 'sample', 'count', 'handle');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const floor = createAckFloor();
        const truth = { enqueued: 0, acked: 0, failed: 0 };
        const waiting: { atUs: number; held: number }[] = [];
        let nowUs = 0;
        let last = 0;
        for (const what of steps) {
          nowUs += 10;
          const held = truth.enqueued - truth.acked - truth.failed;
          if (what === 'enqueue') truth.enqueued += 7;
          else if (what === 'ack' && held > 0) truth.acked += 1;
          else if (what === 'fail' && held > 0) truth.failed += 1;
          else if (what === 'sample') floor.sample(nowUs, truth.enqueued);
          else if (what === 'count') waiting.push({ atUs: nowUs, held });
          else if (what === 'handle') {
            const statistics = waiting.shift();
            if (statistics) floor.observe(statistics.atUs, statistics.held, truth.failed);
          }
          expect(floor.acked).toBeLessThanOrEqual(truth.acked);
          expect(floor.acked).toBeGreaterThanOrEqual(last);
          last = floor.acked;
        }
      }),
    );
  });
});
