import { ReelstreamError } from '../core/errors.ts';
import type { ClickHouse, Settings } from './connection.ts';
import { fillPlaceholders, type Question, type QuestionColumn } from './questions.ts';
import type { BoundValue } from './questions-bind.ts';

export type AnswerCell = string | number | null;
export type AnswerRow = Readonly<Record<string, AnswerCell>>;

export interface Answer {
  readonly question: Question;
  readonly values: Readonly<Record<string, BoundValue>>;
  /** with the values in place; where a total has the name of a parameter, the total's */
  readonly title: string;
  /** of the rows, then of the whole; units with the values in place */
  readonly columns: readonly AnswerColumn[];
  readonly totals: readonly AnswerColumn[];
  readonly rows: readonly AnswerRow[];
}

export interface AnswerColumn extends QuestionColumn {
  readonly isNumber: boolean;
}

interface JsonCompact {
  readonly meta: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly (readonly unknown[])[];
}

/** Units of the figures that the question `metric` may be asked for. */
const UNITS_BY_VALUE: Readonly<Record<string, string>> = {
  budget: 'US$',
  revenue: 'US$',
  profit: 'US$',
  popularity: 'TMDB popularity',
  runtime: 'minutes',
  vote_average: '0 to 10',
};

/**
 * Asks. Figures come back as numbers: none of these questions counts beyond 2^53.
 * @throws ReelstreamError `clickhouse`, `unavailable`; `bad_data` when the statement's columns are not those of its header
 */
export async function askQuestion(
  clickhouse: ClickHouse,
  question: Question,
  values: Readonly<Record<string, BoundValue>>,
  settings: Settings = {},
): Promise<Answer> {
  const params = Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]));
  const stream = await clickhouse.queryBytes(question.sql, {
    params,
    settings: { default_format: 'JSONCompact', ...settings },
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const { meta, data } = JSON.parse(Buffer.concat(chunks).toString()) as JsonCompact;
  const described = [...question.columns, ...question.totals];
  const given = meta.map(({ name }) => name).join(', ');
  if (given !== described.map(({ name }) => name).join(', ')) {
    throw new ReelstreamError('bad_data', `question ${question.name}.sql gives the columns ${given}`);
  }
  const shown = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.shown]));
  const isNumber = meta.map(({ type }) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type));
  const rows = data.map((cells) =>
    Object.fromEntries(cells.map((cell, i) => [meta[i]!.name, toCell(cell, isNumber[i]!)])),
  );
  // what the answer says of itself goes before what was asked for: dollars of a month without prices are another month's
  const said = question.totals.flatMap(({ name }) => {
    const cell = rows[0]?.[name];
    return typeof cell === 'string' ? [[name, cell] as const] : [];
  });
  const filled = { ...shown, ...Object.fromEntries(said) };
  const toColumn = (column: QuestionColumn, i: number): AnswerColumn => {
    const unit = fillPlaceholders(column.unit, filled);
    return {
      ...column,
      unit: column.unit === unit ? unit : (UNITS_BY_VALUE[unit] ?? unit),
      isNumber: isNumber[i]!,
    };
  };
  const columns = described.map(toColumn);
  return {
    question,
    values,
    title: capitalised(fillPlaceholders(question.title, filled)),
    columns: columns.slice(0, question.columns.length),
    totals: columns.slice(question.columns.length),
    rows,
  };
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function toCell(cell: unknown, isNumber: boolean): AnswerCell {
  if (cell === null || cell === undefined) return null;
  if (isNumber) return Number(cell);
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}
