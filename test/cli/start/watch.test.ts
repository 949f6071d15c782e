import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DRAIN_DEADLINE_MS } from '../../../cli/start/deadlines.ts';
import { type Look, untilDrained, untilStopped } from '../../../cli/start/watch.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A sink that takes `rowsPerLook` of the records between two looks. */
function lookAt(records: number, rowsPerLook: number) {
  let rows = 0;
  const shown: string[] = [];
  const look: Look = {
    records: async () => records,
    async rows() {
      rows = Math.min(records, rows + rowsPerLook);
      return { rows, canaries: 0, verdicts: {}, deadLetters: 0 };
    },
    residentBytes: () => 1e6,
    show: (line) => shown.push(line),
  };
  return { look, shown };
}

describe('the drain', () => {
  it('lasts until the sink has taken what was in the log', async () => {
    const { look, shown } = lookAt(2_500, 1_000);
    const drained = untilDrained(look);
    await vi.advanceTimersByTimeAsync(1_000);
    await drained;
    expect(shown).toEqual(['draining: 1,500 records to go', 'draining: 500 records to go']);
  });

  it('is given up for a sink that takes nothing', async () => {
    const { look } = lookAt(10, 0);
    const outcome = expect(untilDrained(look)).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(DRAIN_DEADLINE_MS + 1_000);
    await outcome;
  });

  it('ends with whatever ends the looks', async () => {
    const over = new AbortController();
    const { look } = lookAt(10, 0);
    const rows = async () => {
      over.signal.throwIfAborted();
      return look.rows();
    };
    const outcome = expect(untilDrained({ ...look, rows })).rejects.toThrow('aborted');
    await vi.advanceTimersByTimeAsync(600);
    over.abort();
    await vi.advanceTimersByTimeAsync(500);
    await outcome;
  });
});

describe('the run', () => {
  it('lasts as long as it was told to, and says when the first row was there', async () => {
    const { look, shown } = lookAt(100, 40);
    const watched = untilStopped(look, {
      startedAtMs: performance.now() - 7_000,
      forMs: 1_200,
      stop: new AbortController().signal,
    });
    await vi.advanceTimersByTimeAsync(1_200);
    expect(await watched).toBe(7_000);
    expect(shown).toHaveLength(3);
    expect(shown[0]).toBe('7 s  in Kafka 100  in ClickHouse 40  behind 60  dead letters 0  memory 1 MB');
  });

  it('ends at once when it is stopped', async () => {
    const stop = new AbortController();
    const { look } = lookAt(100, 0);
    const watched = untilStopped(look, { startedAtMs: performance.now(), stop: stop.signal });
    await vi.advanceTimersByTimeAsync(100);
    stop.abort();
    expect(await watched).toBeNull();
  });
});
