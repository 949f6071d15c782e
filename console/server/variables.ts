import type { Dashboard, Variable } from '../drawing/dashboard.ts';
import type { Range } from '../drawing/time-range.ts';
import type { Query } from './checks.ts';
import { Problem } from './problem.ts';
import type { Prometheus } from './prometheus.ts';

export const VARIABLE_PREFIX = 'var-';

/** What a query variable may be: the values that its own query finds. */
export async function valuesOf(
  { name, query = '' }: Variable,
  range: Range,
  prometheus: Prometheus,
): Promise<string[]> {
  const asked = /^label_values\((\w+),\s*(\w+)\)$/.exec(query);
  if (!asked) throw new Problem(500, `the query of the variable ${name} is of a kind that is not known here`);
  return prometheus.labelValues(asked[1]!, asked[2]!, range);
}

/** @throws Problem 404 */
export function variableOf(board: Dashboard, name: string): Variable {
  const found = board.templating.list.find((one) => one.name === name && one.type === 'query');
  if (!found) throw new Problem(404, `the dashboard ${board.uid} has no variable "${name}"`, 'name');
  return found;
}

/**
 * A PromQL matcher's text for every variable. A value is taken only when the variable's own query has it, and then as a quoted
 * piece of a regular expression: nothing that a reader writes becomes PromQL.
 * @throws Problem 400 naming the field
 */
export async function chosenTexts(
  board: Dashboard,
  query: Query,
  range: Range,
  prometheus: Prometheus,
): Promise<ReadonlyMap<string, string>> {
  const variables = board.templating.list.filter(({ type }) => type === 'query');
  for (const field of query.names().filter((name) => name.startsWith(VARIABLE_PREFIX))) {
    const name = field.slice(VARIABLE_PREFIX.length);
    if (!variables.some((one) => one.name === name))
      throw new Problem(400, `the dashboard ${board.uid} has no variable "${name}"`, field);
  }
  const texts = new Map<string, string>();
  for (const variable of variables) {
    const field = `${VARIABLE_PREFIX}${variable.name}`;
    texts.set(variable.name, await chosenText(variable, field, query.list(field), range, prometheus));
  }
  return texts;
}

async function chosenText(
  variable: Variable,
  field: string,
  chosen: readonly string[],
  range: Range,
  prometheus: Prometheus,
): Promise<string> {
  if (chosen.length === 0) return variable.allValue ?? '.+';
  if (chosen.length > 1 && !variable.multi) throw new Problem(400, `${field} takes one value`, field);
  const known = await valuesOf(variable, range, prometheus);
  const unknown = chosen.find((value) => !known.includes(value));
  if (unknown !== undefined)
    throw new Problem(400, `${field}: "${unknown}" is none of ${known.join(', ') || 'no values'}`, field);
  return promqlAlternatives(chosen);
}

/** `(a|b)` for within the quotes of `=~"…"`. */
export function promqlAlternatives(values: readonly string[]): string {
  const escaped = values.map((value) =>
    value
      .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"'),
  );
  return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`;
}

const SCRAPES_IN_A_RATE = 4;

export interface Interpolation {
  readonly texts: ReadonlyMap<string, string>;
  readonly range: Range;
  readonly stepSeconds: number;
  readonly scrapeSeconds: number;
}

/** Grafana's `$name` and `$__…` in place. @throws Problem 500 for one that is not known: the panel's fault, not the reader's */
export function interpolate(
  expr: string,
  { texts, range, stepSeconds, scrapeSeconds }: Interpolation,
): string {
  const rate = Math.max(stepSeconds + scrapeSeconds, SCRAPES_IN_A_RATE * scrapeSeconds);
  const span = Math.max(1, Math.round(range.toSeconds - range.fromSeconds));
  const builtIn: Readonly<Record<string, string>> = {
    __rate_interval: `${rate}s`,
    __interval: `${stepSeconds}s`,
    __range: `${span}s`,
    __range_s: String(span),
  };
  return expr.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => {
    const name = braced ?? bare!;
    const text = builtIn[name] ?? texts.get(name);
    if (text === undefined)
      throw new Problem(500, `the query names a variable $${name} that is not known here`);
    return text;
  });
}
