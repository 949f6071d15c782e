import type { DrillCase, Expectation } from './drill-case.ts';
import type { Told } from './receiver.ts';

/** Moments of one drill, monotonic. */
export interface DrillTimes {
  readonly causedAtMs: number;
  readonly undoneAtMs: number;
}

export interface DrillVerdict {
  /** seconds from the fault to each expected alert; null = it was not told */
  readonly toldAfterSeconds: readonly (number | null)[];
  /** seconds from the end of the fault until the last of them was told to be over; null = one never was */
  readonly resolvedAfterSeconds: number | null;
  /** told after the fault had ended, as the case allows */
  readonly aftermath: readonly string[];
  /** why the drill failed; empty when it did not */
  readonly deviations: readonly string[];
}

/** What was told against what had to be: nothing may be missing, nothing else may come, everything must end. */
export function judgeDrill(
  { expected, aftermath }: Pick<DrillCase, 'expected' | 'aftermath'>,
  told: readonly Told[],
  { causedAtMs, undoneAtMs }: DrillTimes,
): DrillVerdict {
  const firing = told.filter(({ status, atMs }) => status === 'firing' && atMs >= causedAtMs);
  const first = expected.map((one) => firing.find((heard) => isExpected(one, heard)));
  const others = firing.filter((heard) => !expected.some((one) => isExpected(one, heard)));
  const isAllowed = ({ alert, atMs }: Told) => atMs >= undoneAtMs && alert in aftermath;
  const wrong = others.filter((heard) => !isAllowed(heard));
  const open = stillFiring(told.filter(({ atMs }) => atMs >= causedAtMs));
  const ends = told.filter(
    (heard) => heard.status === 'resolved' && expected.some((one) => isExpected(one, heard)),
  );
  const lastEndMs = Math.max(...ends.map(({ atMs }) => atMs));
  return {
    toldAfterSeconds: first.map((heard) => (heard ? seconds(heard.atMs - causedAtMs) : null)),
    resolvedAfterSeconds:
      open.length > 0 || ends.length === 0 ? null : Math.max(0, seconds(lastEndMs - undoneAtMs)),
    aftermath: unique(others.filter(isAllowed).map(({ alert }) => alert)),
    deviations: [
      ...expected.flatMap((one, i) => (first[i] ? [] : [`${describe(one)} was not told`])),
      ...unique(
        wrong.map(
          ({ alert, summary, atMs }) =>
            `${alert} was told: ${summary} (${seconds(atMs - causedAtMs)} s after the fault, which lasted ${seconds(undoneAtMs - causedAtMs)} s)`,
        ),
      ),
      ...unique(open.map(({ alert }) => `${alert} was not told to be over`)),
    ],
  };
}

/** Alerts, by all their labels, whose last word is that they fire. */
export function stillFiring(told: readonly Told[]): Told[] {
  const last = new Map(told.map((heard) => [JSON.stringify(Object.entries(heard.labels).sort()), heard]));
  return [...last.values()].filter(({ status }) => status === 'firing');
}

export function isExpected({ alert, labels = {} }: Expectation, heard: Told): boolean {
  return (
    alert === heard.alert && Object.entries(labels).every(([name, value]) => heard.labels[name] === value)
  );
}

function describe({ alert, labels = {} }: Expectation): string {
  const shown = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return shown.length === 0 ? alert : `${alert} (${shown.join(', ')})`;
}

const seconds = (ms: number) => Math.round(ms / 100) / 10;
const unique = (texts: readonly string[]) => [...new Set(texts)];
