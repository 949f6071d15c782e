import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ReelstreamError } from '../core/errors.ts';
import { parseChart, type QuestionChart } from './questions-chart.ts';
import { PARAMETER_TYPES, parseParameter, type QuestionParameter } from './questions-parameter.ts';

/**
 * A question is one file `clickhouse/questions/<name>.sql`: a header of comment lines, then one SELECT that takes values
 * only as `{name:Type}`. The same file serves the command line, the console and the dashboards.
 *
 * Header lines, in any order of kinds; a line that begins with `--` and three or more spaces continues the one before:
 *
 *   -- title: Revenue by genre, {credit} credit       {name}: the value of a parameter
 *   -- summary: one line for the list
 *   -- source: catalogue                              or stream
 *   -- definition: what is counted, exactly
 *   -- caveat: what the figures do not say            any number of them
 *   -- parameter min_n integer = 10 (1..1000): text   name, kind, default, range; without a default it is the word
 *                                                     behind the question's name: ask movie 318
 *   -- column revenue_full [US$]: text                in the order of the SELECT, the important ones first, with unit
 *   -- total all_films [films]: text                  columns that say the same on every row, after the others
 *   -- coverage: revenue is known for {all_known} of {all_films} films       {name}: a total
 *   -- chart: bars of revenue_{credit} by genre       see QuestionChart
 *
 * Kinds of parameters and the SQL types they arrive as: see ParameterKind.
 */
export interface Question {
  /** file name without `.sql` */
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly source: 'catalogue' | 'stream';
  readonly definition: string;
  readonly caveats: readonly string[];
  readonly parameters: readonly QuestionParameter[];
  readonly columns: readonly QuestionColumn[];
  /** facts about the whole answer, the same on every row */
  readonly totals: readonly QuestionColumn[];
  readonly coverage: string;
  readonly chart: QuestionChart;
  /** the statement without the header */
  readonly sql: string;
}

export interface QuestionColumn {
  readonly name: string;
  /** empty for names and years */
  readonly unit: string;
  readonly text: string;
}

/** Every question of a folder, by name. @throws ReelstreamError `bad_data` with all faults of a file */
export function readQuestions(folder: string): Question[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => parseQuestion(basename(name, '.sql'), readFileSync(join(folder, name), 'utf8')));
}

interface HeaderLine {
  readonly key: string;
  /** what stands between the key and the colon */
  readonly subject: string;
  readonly text: string;
}

const SINGLE = ['title', 'summary', 'source', 'definition', 'coverage', 'chart'] as const;
const REPEATED = ['caveat', 'parameter', 'column', 'total'];

/** @throws ReelstreamError `bad_data` with all faults */
export function parseQuestion(name: string, file: string): Question {
  const faults: string[] = [];
  const { lines, sql } = splitHeader(file, faults);
  const textOf = (key: (typeof SINGLE)[number]): string => {
    const found = lines.filter((line) => line.key === key);
    if (found.length !== 1) faults.push(`${key}: stands ${found.length} times, must stand once`);
    return found[0]?.text ?? '';
  };
  const all = (key: string) => lines.filter((line) => line.key === key);
  const source = textOf('source');
  if (source !== 'catalogue' && source !== 'stream')
    faults.push(`source: catalogue or stream, not "${source}"`);
  const question: Question = {
    name,
    title: textOf('title'),
    summary: textOf('summary'),
    source: source === 'stream' ? 'stream' : 'catalogue',
    definition: textOf('definition'),
    caveats: all('caveat').map(({ text }) => text),
    parameters: all('parameter').flatMap(({ subject, text }) => parseParameter(subject, text, faults) ?? []),
    columns: all('column').map((line) => toColumn(line, faults)),
    totals: all('total').map((line) => toColumn(line, faults)),
    coverage: textOf('coverage'),
    chart: parseChart(textOf('chart'), faults),
    sql,
  };
  faults.push(...findContradictions(question));
  if (faults.length === 0) return question;
  throw new ReelstreamError('bad_data', `question ${name}.sql:\n  ${faults.join('\n  ')}`);
}

function splitHeader(file: string, faults: string[]): { lines: HeaderLine[]; sql: string } {
  const rows = file.split(/\r?\n/);
  const end = rows.findIndex((row) => !row.startsWith('--'));
  const lines: HeaderLine[] = [];
  for (const row of rows.slice(0, end === -1 ? rows.length : end)) {
    const last = lines.at(-1);
    if (/^-- {3}/.test(row) && last) {
      lines[lines.length - 1] = { ...last, text: `${last.text} ${row.slice(2).trim()}` };
      continue;
    }
    const found = /^-- ([a-z]+)(?: ([^:]+))?: (.+)$/.exec(row);
    const key = found?.[1] ?? '';
    if (found && [...SINGLE, ...REPEATED].includes(key)) {
      lines.push({ key, subject: found[2]?.trim() ?? '', text: found[3]!.trim() });
    } else faults.push(`not a header line: ${row}`);
  }
  const sql = (end === -1 ? [] : rows.slice(end)).join('\n').trim();
  return { lines, sql };
}

function toColumn({ subject, text }: HeaderLine, faults: string[]): QuestionColumn {
  const found = /^([a-z][a-z0-9_]*)(?: \[([^\]]+)\])?$/.exec(subject);
  if (!found) faults.push(`not a column: ${subject}`);
  return { name: found?.[1] ?? subject, unit: found?.[2] ?? '', text };
}

const PLACEHOLDER = /\{([a-z][a-z0-9_]*)\}/g;
const SQL_PARAMETER = /\{([A-Za-z_][A-Za-z0-9_]*):([^}]+)\}/g;

/** What a file says in two places must agree. */
function findContradictions(question: Question): string[] {
  const { sql, parameters, columns, totals } = question;
  const faults: string[] = [];
  if (!/^(WITH|SELECT)\b/.test(sql)) faults.push('the statement must begin with WITH or SELECT');
  if (/;|\bFORMAT\s+\w+\s*$/.test(sql.replace(/--.*/g, '')))
    faults.push('the statement ends without ; and FORMAT');
  if (columns.length === 0) faults.push('no column is described');
  const names = [
    ...parameters.map(({ name }) => `parameter ${name}`),
    ...[...columns, ...totals].map(({ name }) => `column ${name}`),
  ];
  for (const twice of names.filter((name, i) => names.indexOf(name) !== i))
    faults.push(`${twice} stands twice`);

  const used = new Map([...sql.matchAll(SQL_PARAMETER)].map(([, name, type]) => [name!, type!.trim()]));
  for (const { name, kind } of parameters) {
    const type = used.get(name);
    if (type === undefined) faults.push(`parameter ${name} is not in the statement`);
    else if (!PARAMETER_TYPES[kind].includes(type)) {
      faults.push(
        `parameter ${name}: a ${kind} arrives as ${PARAMETER_TYPES[kind].join(' or ')}, not ${type}`,
      );
    }
  }
  for (const name of used.keys()) {
    if (!parameters.some((parameter) => parameter.name === name))
      faults.push(`{${name}} has no parameter line`);
  }
  faults.push(...unknownPlaceholders('title', question.title, parameters));
  faults.push(...unknownPlaceholders('coverage', question.coverage, [...totals, ...parameters]));
  faults.push(...unknownChartColumns(question));
  return faults;
}

function unknownPlaceholders(
  where: string,
  text: string,
  known: readonly { readonly name: string }[],
): string[] {
  return [...text.matchAll(PLACEHOLDER)]
    .filter(([, name]) => !known.some((one) => one.name === name))
    .map(([all]) => `${where}: nothing is called ${all}`);
}

function unknownChartColumns({ chart, columns, parameters }: Question): string[] {
  return chart.columns
    .flatMap((name) => variantsOf(name, parameters))
    .filter((name) => !columns.some((column) => column.name === name))
    .map((name) => `chart: no column is called ${name}`);
}

/** `revenue_{credit}` -> every column it may stand for. */
function variantsOf(name: string, parameters: readonly QuestionParameter[]): string[] {
  const placeholder = /\{([a-z_0-9]+)\}/.exec(name);
  if (!placeholder) return [name];
  const choices = parameters.find((one) => one.name === placeholder[1])?.choices ?? [];
  if (choices.length === 0) return [name];
  return choices.map((choice) => name.replace(placeholder[0], choice));
}

/** Puts values in the place of `{name}`; what has no value stays as it is. */
export function fillPlaceholders(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (all, name: string) => values[name] ?? all);
}
