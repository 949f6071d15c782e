import type { Question, QuestionColumn } from './questions.ts';
import { writtenName } from './questions-bind.ts';
import type { QuestionParameter } from './questions-parameter.ts';

const HEAD = `# Questions

Generated from the headers of \`clickhouse/questions/*.sql\` by \`npm run generate\`.

A question is one file: its definition, caveats, parameters and columns on top, then one SELECT that takes values only as
\`{name:Type}\`. The command line, the console and the dashboards use the same file. To add one, add a file; the form is
described in \`clickhouse/questions.ts\`, and a file that contradicts itself is refused with every fault.

\`\`\`sh
npx reelstream ask --list
npx reelstream ask most-popular-genre-by-year --from 1990
npx reelstream ask revenue-by-genre-by-year --credit fractional --chart revenue.svg
npx reelstream ask company-year --company "Walt Disney Pictures" --format csv > disney.csv
\`\`\`

Common to all: films are counted each once, however often a source repeats them; an unknown figure is never 0, so that
every row carries what its figures rest on (\`films\`, \`known\`, \`n\`) and every answer its coverage. Full credit counts a
film whole for each of its genres or companies and is for ranking; fractional credit gives each of k the share 1/k, adds
up to the whole, and is for sums and shares. Equals are put in order by counts, then by name, so that the same question has
the same answer. \`--format csv\` and \`json\` hold every column in full; a table shows what fits the terminal.
Pictures (\`--chart file.svg\`, \`file.png\`) are drawn without a browser; letters of a PNG come from the fonts of the machine.
`;

/** `docs/questions.md`. */
export function questionsPage(questions: readonly Question[]): string {
  return `${[HEAD, ...questions.map(section)].join('\n')}`;
}

function section(question: Question): string {
  const { name, summary, definition, caveats, parameters, columns, totals, source } = question;
  const capital = summary.charAt(0).toUpperCase() + summary.slice(1);
  return [
    `## ${name}`,
    '',
    `${capital}. From the ${source}. File: [\`${name}.sql\`](../clickhouse/questions/${name}.sql)`,
    '',
    definition,
    '',
    ...caveats.map((caveat) => `- ${caveat}`),
    '',
    '| parameter | default | may be | |',
    '| --- | --- | --- | --- |',
    ...parameters.map(parameterRow),
    '',
    '| column | unit | |',
    '| --- | --- | --- |',
    ...columns.map((column) => columnRow(column, '')),
    ...totals.map((column) => columnRow(column, ' (the same on every row)')),
    '',
  ].join('\n');
}

function parameterRow(parameter: QuestionParameter): string {
  const { kind, defaultText, range, choices, text } = parameter;
  const values = kind === 'choice' ? choices.join(', ') : range ? `${range[0]} to ${range[1]}` : kind;
  return row(`\`${writtenName(parameter)}\``, defaultText ?? 'must be given', values, text);
}

function columnRow({ name, unit, text }: QuestionColumn, more: string): string {
  return row(`\`${name}\``, unit, `${text}${more}`);
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
