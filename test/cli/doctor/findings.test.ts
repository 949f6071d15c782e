import { describe, expect, it } from 'vitest';
import { examine, slotFinding } from '../../../cli/doctor/findings.ts';

const slot = { partition: 1, slot: 5, logStart: 100, logEnd: 200 };

describe('what log and table say about each other', () => {
  it('is the lag while they agree', () => {
    expect(slotFinding({ ...slot, lastRaw: 149 })).toMatchObject({
      health: 'ok',
      detail: '50 records behind, next offset 150',
    });
    expect(slotFinding({ ...slot, lastRaw: 199 }).detail).toMatch(/^0 records/);
    expect(slotFinding({ ...slot, lastRaw: 99 }).health).toBe('ok');
  });

  it('begins at the start of the log while raw is empty', () => {
    expect(slotFinding({ ...slot, lastRaw: null }).detail).toMatch(/^100 records/);
  });

  it('is bad when the log lost what raw needs, or never had what raw holds', () => {
    expect(slotFinding({ ...slot, lastRaw: 98 })).toMatchObject({
      health: 'bad',
      detail: expect.stringMatching(/retention/),
    });
    expect(slotFinding({ ...slot, lastRaw: 200 })).toMatchObject({
      health: 'bad',
      detail: expect.stringMatching(/re-created/),
    });
  });
});

describe('an examination', () => {
  it('reports a failure as a finding', async () => {
    const found = await examine('registry', () => Promise.reject(new Error('refused')));
    expect(found).toEqual([{ what: 'registry', health: 'bad', detail: 'refused' }]);
  });
});
