import { describe, expect, it } from 'vitest';
import { catalogueProgress, progressLine } from '../../../cli/catalog/progress.ts';
import { createManualClock } from '../../../core/clock.ts';

describe('progress of a load', () => {
  it('is one line with bar, rows, bytes, rate and time left', () => {
    const standing = { rows: 23_456, bytes: 17_200_000, totalBytes: 34_400_000, elapsedMs: 2_000 };
    expect(progressLine('reading movies_metadata.csv', standing)).toBe(
      'reading movies_metadata.csv [##########----------] 50 %  23,456 rows  17.2 MB  8.6 MB/s  2 s left',
    );
  });

  it('says only what is known', () => {
    const standing = { rows: 0, bytes: 1_000_000, totalBytes: null, elapsedMs: 10 };
    expect(progressLine('fetching http://host/x.zip', standing)).toBe('fetching http://host/x.zip  1.0 MB');
  });

  it('is drawn ten times a second at most, and at once when a new step begins', async () => {
    const clock = createManualClock();
    const drawn: string[] = [];
    const { load } = catalogueProgress({ update: (text) => drawn.push(text), done: () => {} }, clock);
    const at = (step: 'checking' | 'reading' | 'writing', bytes: number) =>
      load({ step, what: 'x.csv', rows: 5, bytes, totalBytes: 100 });
    at('checking', 1);
    at('checking', 2);
    await clock.advance(100);
    at('checking', 3);
    at('reading', 4);
    at('writing', 100);
    expect(drawn.map((line) => line.split(' ')[0])).toEqual(['checking', 'checking', 'reading', 'writing']);
    expect(drawn.at(-1)).toBe('writing x.csv: 5 films');
  });
});
