import type { PanelBuilder as BarChartBuilder } from '@grafana/grafana-foundation-sdk/barchart';
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { type Said, sqlBars, sqlStacks, sqlTable } from './panels.ts';
import { type Questions, questionDescription, questionSql } from './question-sql.ts';

export interface Asked {
  readonly title: string;
  /** name of the file in clickhouse/questions */
  readonly question: string;
  /** values other than the question's own defaults */
  readonly given?: Readonly<Record<string, string>>;
  readonly unit: string;
  readonly noValue?: string;
  readonly width?: number;
  readonly height?: number;
}

const NO_CATALOGUE = 'no catalogue is loaded';

/** Panels made of named questions: the dashboards, the command line and the console give the same answers. */
export function questionPanels(questions: Questions) {
  const textOf = ({ title, question, unit, noValue, width, height }: Asked): Said => ({
    title,
    description: questionDescription(questions, question),
    unit,
    noValue: noValue ?? NO_CATALOGUE,
    ...(width ? { width } : {}),
    ...(height ? { height } : {}),
  });
  const inner = ({ question, given }: Asked) => questionSql(questions, question, given);
  return {
    /** the columns that matter, in the order of the answer */
    table: (asked: Asked, columns: string): TableBuilder =>
      sqlTable(textOf(asked), `SELECT ${columns}\nFROM\n(\n${inner(asked)}\n)`),
    /** one bar per row, by `value` */
    bars: (asked: Asked, label: string, value: string, order: string, upright = false): BarChartBuilder =>
      sqlBars(
        textOf(asked),
        `SELECT ${label} AS label, ${value}\nFROM\n(\n${inner(asked)}\n)\nORDER BY ${order}`,
        'label',
        upright,
      ),
    stacks: (asked: Asked, row: string, column: string, value: string): BarChartBuilder =>
      sqlStacks(
        textOf(asked),
        `SELECT toString(q.${row}) AS ${row}, q.${column} AS ${column}, q.${value} AS ${value}\nFROM\n(\n${inner(asked)}\n) AS q\nORDER BY q.${row}`,
        row,
        column,
        value,
      ),
  };
}
