import { describe, expect, it } from 'vitest';
import { parseProcStat } from '../../../embedded/supervisor/proc-stat.ts';
import {
  isAlive,
  ownIdentity,
  readStartTime,
  signalGroup,
} from '../../../embedded/supervisor/process-identity.ts';

describe('process identity', () => {
  it('reads the fields behind a command that holds spaces and parentheses', () => {
    const fields = Array.from({ length: 50 }, (_, i) => String(i + 3));
    expect(parseProcStat(`12 (a) b (c) ) S ${fields.slice(1).join(' ')}`)).toEqual({
      state: 'S',
      group: 5,
      cpuTicks: 14 + 15,
      threads: 20,
      startTime: '22',
    });
  });

  it('knows itself, and tells itself from an earlier process with the same number', () => {
    const own = ownIdentity();
    expect(isAlive(own)).toBe(true);
    expect(isAlive({ ...own, startTime: `${own.startTime}0` })).toBe(false);
  });

  it('never signals a process that was given the number of one on record', () => {
    // SIGKILL: this test would not survive the mistake
    expect(signalGroup({ pid: process.pid, startTime: 'long ago' }, 'SIGKILL')).toBe(false);
  });

  it('a number nobody has is nobody', () => {
    expect(readStartTime(2 ** 22 + 1)).toBeNull();
    expect(signalGroup({ pid: 2 ** 22 + 1, startTime: '1' }, 'SIGKILL')).toBe(false);
  });
});
