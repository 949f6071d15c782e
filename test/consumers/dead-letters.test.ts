import { describe, expect, it } from 'vitest';
import {
  createSendDeadLetters,
  type DeadLetter,
  MAX_DEAD_LETTER_BYTES,
  toDeadLetterRecord,
} from '../../consumers/dead-letters.ts';
import { createManualClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import type { DeadLetterRecord } from '../../kafka/dead-letter-record.ts';

const letter = (changes: Partial<DeadLetter> = {}): DeadLetter => ({
  partition: 3,
  offset: 17,
  logTsMs: 1_700_000_000_000,
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  reason: 'decode',
  ...changes,
});

describe('a dead letter', () => {
  it('carries the bytes as they came, and where they came from', () => {
    expect(toDeadLetterRecord('ratings', letter())).toEqual({
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      headers: {
        'reelstream-topic': 'ratings',
        'reelstream-partition': '3',
        'reelstream-offset': '17',
        'reelstream-timestamp-ms': '1700000000000',
        'reelstream-reason': 'decode',
      },
    });
  });

  it('keeps a tombstone a tombstone', () => {
    expect(toDeadLetterRecord('ratings', letter({ key: null, value: null }))).toMatchObject({
      key: null,
      value: null,
    });
  });

  it('is cut at 1 MB and says so', () => {
    const whole = toDeadLetterRecord('ratings', letter({ value: Buffer.alloc(MAX_DEAD_LETTER_BYTES) }));
    expect(whole.headers).not.toHaveProperty('reelstream-cut-from-bytes');
    const cut = toDeadLetterRecord('ratings', letter({ value: Buffer.alloc(MAX_DEAD_LETTER_BYTES + 5) }));
    expect(cut.value!.length).toBe(MAX_DEAD_LETTER_BYTES);
    expect(cut.headers['reelstream-cut-from-bytes']).toBe(String(MAX_DEAD_LETTER_BYTES + 5));
  });
});

describe('sending dead letters', () => {
  function scripted(write: (records: readonly DeadLetterRecord[]) => Promise<void>) {
    const clock = createManualClock();
    const send = createSendDeadLetters({
      write,
      topic: 'ratings',
      clock,
      logger: silentLogger,
      timeoutMs: 1_000,
      retryMinMs: 100,
      retryMaxMs: 100,
    });
    return { clock, send };
  }

  it('writes nothing when there is nothing', async () => {
    const { send } = scripted(() => Promise.reject(new Error('must not be called')));
    await send([], new AbortController().signal);
  });

  it('writes them again until they are acknowledged, also when no answer comes at all', async () => {
    let tries = 0;
    const { clock, send } = scripted(() => {
      tries += 1;
      if (tries === 1) throw new ReelstreamError('unavailable', 'away');
      return tries === 2 ? new Promise(() => {}) : Promise.resolve();
    });
    let isSent = false;
    void send([letter()], new AbortController().signal).then(() => {
      isSent = true;
    });
    await clock.advance(100);
    expect(tries).toBe(2);
    await clock.advance(1_000);
    await clock.advance(100);
    expect({ tries, isSent }).toEqual({ tries: 3, isSent: true });
  });

  it('gives up when nobody needs them any more, and at once on an error of our own', async () => {
    const stop = new AbortController();
    const { clock, send } = scripted(() => Promise.reject(new ReelstreamError('kafka', 'no such topic')));
    const given = expect(send([letter()], stop.signal)).rejects.toMatchObject({ code: 'unavailable' });
    await clock.advance(50);
    stop.abort();
    await clock.advance(100);
    await given;
    const broken = scripted(() => Promise.reject(new TypeError('a bug')));
    await expect(broken.send([letter()], new AbortController().signal)).rejects.toMatchObject({
      code: 'unknown',
    });
  });
});
