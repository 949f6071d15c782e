import { describe, expect, it } from 'vitest';
import { examine, processFinding, slotFinding, stopFinding } from '../../../cli/doctor/findings.ts';
import type { ProcessStatus } from '../../../embedded/supervisor/stack-status.ts';

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

const kafka: ProcessStatus = {
  name: 'kafka',
  state: 'ready',
  planned: true,
  optional: false,
  pid: 1,
  startedAtMs: 0,
  residentBytes: 3e6,
  ports: [],
  logFile: 'kafka.log',
  supervision: 'foreground',
};

describe('a process', () => {
  it('is fine when it does its work, or at least lives where nobody but its supervisor could ask it', () => {
    expect(processFinding(kafka)).toEqual({ what: 'process kafka', health: 'ok', detail: '3 MB' });
    const sink: ProcessStatus = { ...kafka, name: 'sink', planned: false, state: 'running' };
    expect(processFinding(sink)).toMatchObject({ what: 'process sink', health: 'ok' });
    expect(processFinding({ ...sink, supervision: 'lost' }).health).toBe('bad');
  });

  it('is not when it does not answer, has died or was never started', () => {
    for (const state of ['running', 'died', 'stopped'] as const) {
      const down = { ...kafka, state };
      expect(processFinding(down)).toMatchObject({ health: 'bad', detail: `${state}; see kafka.log` });
      expect(processFinding({ ...down, optional: true }).health).toBe('warn');
    }
  });
});

describe('an examination', () => {
  it('reports a failure as a finding', async () => {
    const found = await examine('registry', () => Promise.reject(new Error('refused')));
    expect(found).toEqual([{ what: 'registry', health: 'bad', detail: 'refused' }]);
  });
});

describe('the last stop of ClickHouse', () => {
  it.each([
    [{ wasCleanStop: true, isFirstStart: false }, 'ok'],
    [{ wasCleanStop: false, isFirstStart: false }, 'warn'],
    [{ wasCleanStop: false, isFirstStart: true }, undefined],
  ])('%j: %s', (status, health) => {
    expect(stopFinding(status)?.health).toBe(health);
  });
});
