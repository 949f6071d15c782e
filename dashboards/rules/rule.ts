import type { DashboardUid } from '../dashboard-uids.ts';

/**
 * `condition` is what is asserted; each guard, `and …` or `unless …`, keeps it quiet in one situation and is named after it.
 * Guards are data so that the tests can leave out one at a time: a guard that nothing defends is a defect.
 */
interface Expression {
  readonly condition: string;
  readonly guards?: Readonly<Record<string, string>>;
}

export interface RecordingRule extends Expression {
  readonly record: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** why it is recorded, for the reader of the generated file */
  readonly why: string;
}

/** page: somebody must act now. ticket: look today. heartbeat: its absence is the alarm. */
export type Severity = 'page' | 'ticket' | 'heartbeat';

export interface AlertRule extends Expression {
  readonly alert: string;
  /** `of the series`: the series itself carries the label, a check chooses its own */
  readonly severity: Severity | 'of the series';
  /** PromQL duration; missing = at once */
  readonly for?: string;
  readonly keepFiringFor?: string;
  readonly summary: string;
  /** where to look first */
  readonly dashboard?: DashboardUid;
}

export type Rule = RecordingRule | AlertRule;

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

export const isAlert = (rule: Rule): rule is AlertRule => 'alert' in rule;

/** PromQL of a rule. `and` and `unless` bind alike and from the left, so a line can be left out without touching the others. */
export function expressionOf({ condition, guards = {} }: Expression): string {
  return [condition, ...Object.values(guards)].map(undent).join('\n');
}

function undent(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const margin = Math.min(...lines.slice(1).map((line) => /^ */.exec(line)![0].length));
  return lines.map((line, i) => (i === 0 ? line.trim() : line.slice(margin).replace(/^/, '  '))).join('\n');
}

/** Only groups that are to be read. A group stopped on purpose says 0, and one nobody expects is nobody's alarm. */
export const MEANT_TO_READ =
  'and on (topic, group) max by (topic, group) (reelstream_recon_expected_consumer == 1)';
