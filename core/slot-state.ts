/** What the sink may do with one slot now. Only in `streaming` are its records taken. */
export const SLOT_STATES = [
  'unowned',
  'claiming',
  'recovering',
  'streaming',
  'doubt',
  'releasing',
  'halted',
] as const;
export type SlotState = (typeof SLOT_STATES)[number];

/**
 * Allowed transitions. `claiming`: waiting for a new epoch and for the repair of the aggregates; `recovering`: comparing
 * table and log, filling the duplicate window; `doubt`: something ended unclean, nothing is sent before a new claim;
 * `halted`: table and log disagree, a person is needed. Whatever happens, the group may take the partition away.
 */
export const SLOT_TRANSITIONS: Readonly<Record<SlotState, readonly SlotState[]>> = {
  unowned: ['claiming'],
  claiming: ['recovering', 'doubt', 'halted', 'unowned'],
  recovering: ['streaming', 'doubt', 'halted', 'unowned'],
  streaming: ['doubt', 'releasing', 'halted', 'unowned'],
  doubt: ['claiming', 'unowned'],
  releasing: ['unowned'],
  halted: ['unowned'],
};

export function mayChange(from: SlotState, to: SlotState): boolean {
  return SLOT_TRANSITIONS[from].includes(to);
}
