import {
  expressionOf,
  isAlert,
  type RecordingRule,
  type Rule,
  type RuleGroup,
} from '../../../dashboards/rules/rule.ts';

/**
 * Recorded series that alerts read, however indirectly, in the order in which they can be made: those of a level read raw
 * series and earlier levels alone. promtool sees only what was there before it began, so every level is a run of its own.
 */
export function recordedLevels(groups: readonly RuleGroup[]): RecordingRule[][] {
  const all = groups.flatMap(({ rules }) => rules);
  const recorded = all.filter((rule): rule is RecordingRule => !isAlert(rule));
  const names = new Set(recorded.map(({ record }) => record));
  const readBy = (rule: Rule) => namesIn(rule).filter((name) => names.has(name));
  const needed = new Set<string>();
  const need = (rule: Rule): void => {
    for (const name of readBy(rule)) {
      if (needed.has(name)) continue;
      needed.add(name);
      for (const one of recorded) if (one.record === name) need(one);
    }
  };
  for (const rule of all.filter(isAlert)) need(rule);
  const levels: RecordingRule[][] = [];
  let waiting = recorded.filter(({ record }) => needed.has(record));
  while (waiting.length > 0) {
    const open = new Set(waiting.map(({ record }) => record));
    const level = waiting.filter((rule) => !readBy(rule).some((name) => open.has(name)));
    if (level.length === 0) throw new Error(`recorded series wait for each other: ${[...open].join(', ')}`);
    levels.push(level);
    waiting = waiting.filter((rule) => !level.includes(rule));
  }
  return levels;
}

/** Words of an expression that may be names of series. */
const namesIn = (rule: Rule): string[] => expressionOf(rule).match(/[a-zA-Z_][\w:]*/g) ?? [];
