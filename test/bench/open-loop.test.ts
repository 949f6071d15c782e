import { describe, expect, it } from 'vitest';
import { createMix, KINDS, MIX, READS } from '../../bench/api-mix.ts';
import { createLatencyMeter, runOpenLoop } from '../../bench/open-loop.ts';
import { systemClock } from '../../core/clock.ts';

describe('open loop', () => {
  it('sends what is due whatever waits, and times it from when it was due', async () => {
    const meter = createLatencyMeter();
    let open = 0;
    let mostOpen = 0;
    let answer: () => void = () => {};
    const stalled = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const numbers: number[] = [];
    await runOpenLoop(100, 1_000, systemClock, async (n, dueAtMs) => {
      numbers.push(n);
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      if (n === 99) answer();
      await stalled;
      open -= 1;
      meter.add(systemClock.monotonicMs() - dueAtMs);
    });
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(mostOpen).toBe(100);
    // the first waited for the last, which was due 99 ms later
    const { count, maxMs, p50Ms } = meter.read();
    expect(count).toBe(100);
    expect(maxMs).toBeGreaterThan(95);
    expect(p50Ms).toBeGreaterThan(45);
  });

  it('ends before its time when it is told to', async () => {
    let sent = 0;
    const send = async () => {
      sent += 1;
    };
    await runOpenLoop(1_000_000, 1_000, systemClock, send, () => sent >= 20);
    expect(sent).toBeGreaterThanOrEqual(20);
    expect(sent).toBeLessThan(1_000);
  });
});

describe('the mix', () => {
  it('adds up to a hundred, is the same in every run and asks again for what it has seen', () => {
    for (const mixture of [MIX, READS]) {
      expect(Object.values<number>(mixture).reduce((sum, share) => sum + share)).toBe(100);
    }
    const reads = createMix(10, [5, 6, 7], READS);
    expect(Array.from({ length: 500 }, (_, n) => reads.call(n).method)).not.toContain('PUT');
    const calls = () => {
      const mix = createMix(10, [5, 6, 7]);
      return Array.from({ length: 2_000 }, (_, n) => {
        const call = mix.call(n);
        if (call.method === 'GET') mix.sawTag(call.path, `"${n}"`);
        return call;
      });
    };
    const found = calls();
    expect(calls()).toEqual(found);
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    const conditional = found.find(({ kind }) => kind === 'unchanged?')!;
    expect(conditional.headers).toEqual({ 'if-none-match': expect.stringMatching(/^"\d+"$/) });
  });
});
