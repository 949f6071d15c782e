import { afterEach, describe, expect, it, vi } from 'vitest';
import { createManualClock } from '../../core/clock.ts';
import { onStopSignals, type StopSignal } from '../../runtime/process-events.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function listen() {
  const clock = createManualClock();
  const heard: string[] = [];
  const ignore = onStopSignals(
    ['SIGINT', 'SIGTERM'],
    { onStop: (signal) => heard.push(`stop ${signal}`), onHurry: (signal) => heard.push(`hurry ${signal}`) },
    clock,
  );
  stops.push(ignore);
  return { clock, heard, ignore };
}
// Emitted, not sent: a signal that nobody listens to would end the test's own process
const send = (signal: StopSignal) => process.emit(signal, signal);

describe('stop signals', () => {
  it('that come together are one wish: Ctrl-C through npm is not two', async () => {
    const { clock, heard } = listen();
    send('SIGINT');
    send('SIGINT');
    await clock.advance(10);
    send('SIGTERM');
    await clock.advance(980);
    send('SIGINT');
    expect(heard).toEqual(['stop SIGINT']);
  });

  it('are counted again a second later, and what comes with the second one belongs to it', async () => {
    const { clock, heard } = listen();
    send('SIGTERM');
    await clock.advance(1_000);
    send('SIGINT');
    send('SIGINT');
    expect(heard).toEqual(['stop SIGTERM', 'hurry SIGINT']);
  });

  it('are left to others once nobody listens', () => {
    const before = process.listenerCount('SIGINT');
    listen().ignore();
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  it('are swallowed after the end when they belong to one that counted', () => {
    vi.useFakeTimers();
    const before = process.listenerCount('SIGINT');
    const { heard, ignore } = listen();
    send('SIGINT');
    ignore();
    send('SIGINT');
    expect(heard).toEqual(['stop SIGINT']);
    vi.advanceTimersByTime(999);
    expect(process.listenerCount('SIGINT')).toBe(before + 1);
    vi.advanceTimersByTime(1);
    expect(process.listenerCount('SIGINT')).toBe(before);
    vi.useRealTimers();
  });
});
