import type { Query } from './checks.ts';
import { Problem } from './problem.ts';

/** What the form for a question is made of. */
export interface QuestionForm {
  readonly name: string;
  readonly summary: string;
  readonly source: 'catalogue' | 'stream';
  readonly definition: string;
  readonly caveats: readonly string[];
  readonly parameters: readonly QuestionParameter[];
}

export interface QuestionParameter {
  readonly name: string;
  readonly kind: string;
  readonly defaultText: string | null;
  readonly range: readonly [string, string] | null;
  readonly choices: readonly string[];
  readonly text: string;
}

/** An answer as text and figures, ready for a table and a chart. */
export interface AskedAnswer {
  readonly title: string;
  readonly coverage: string;
  readonly caveats: readonly string[];
  readonly columns: readonly {
    readonly name: string;
    readonly unit: string;
    readonly text: string;
    readonly isNumber: boolean;
  }[];
  /** as a person reads them, by row and column */
  readonly rows: readonly (readonly string[])[];
  readonly chart: AskedChart | null;
  /** why there are no rows */
  readonly reason: string | null;
}

export interface AskedChart {
  readonly kind: 'bars' | 'columns' | 'lines';
  readonly title: string;
  readonly subtitle: string;
  readonly categories: readonly string[];
  /** round figures that the axis shows, rising */
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
  readonly series: readonly {
    readonly name: string;
    readonly values: readonly (number | null)[];
    readonly texts: readonly string[];
  }[];
}

/** The named questions as the command line asks them. */
export interface QuestionDesk {
  readonly forms: readonly QuestionForm[];
  /** @throws Problem 400 naming the parameter */
  ask(name: string, given: Readonly<Record<string, string | readonly string[]>>): Promise<AskedAnswer>;
}

/** @throws Problem 404, 400 naming the parameter */
export async function answerQuestion(query: Query, desk: QuestionDesk): Promise<AskedAnswer> {
  const name = query.required('question');
  const form = desk.forms.find((one) => one.name === name);
  if (!form) throw new Problem(404, `there is no question "${name}"`, 'question');
  query.refuseOthers(['question', ...form.parameters.map((one) => one.name)]);
  const given = form.parameters.flatMap((one): [string, string | readonly string[]][] => {
    const isList = one.kind === 'genre' || one.kind === 'company';
    const texts = isList ? query.list(one.name) : [query.optional(one.name) ?? ''];
    const written = texts.map((text) => text.trim()).filter((text) => text !== '');
    return written.length === 0 ? [] : [[one.name, isList ? written : written[0]!]];
  });
  return desk.ask(name, Object.fromEntries(given));
}
