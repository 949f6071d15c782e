import { describe, expect, it } from 'vitest';
import { mayChange, SLOT_STATES, SLOT_TRANSITIONS, type SlotState } from '../../core/slot-state.ts';

function reachable(from: SlotState, without: SlotState): Set<SlotState> {
  const seen = new Set<SlotState>([from]);
  for (const state of seen) {
    for (const next of SLOT_TRANSITIONS[state]) if (next !== without) seen.add(next);
  }
  return seen;
}

describe('states of a slot', () => {
  it('streams only after a claim and a recovery', () => {
    for (const step of ['claiming', 'recovering'] as const) {
      expect(reachable('unowned', step)).not.toContain('streaming');
      expect(reachable('doubt', step)).not.toContain('streaming');
    }
  });

  it('never goes on by itself once halted', () => {
    expect(SLOT_TRANSITIONS.halted).toEqual(['unowned']);
  });

  it.each(SLOT_STATES.filter((state) => state !== 'unowned'))('may be taken away while %s', (state) => {
    expect(mayChange(state, 'unowned')).toBe(true);
  });

  it('reaches every state, and leaves every state', () => {
    expect([...reachable('unowned', 'unowned')].sort()).toEqual([...SLOT_STATES].sort());
    for (const state of SLOT_STATES) expect(SLOT_TRANSITIONS[state].length).toBeGreaterThan(0);
  });

  it('never comes from doubt straight back to streaming', () => {
    expect(mayChange('doubt', 'streaming')).toBe(false);
    expect(mayChange('doubt', 'recovering')).toBe(false);
  });
});
