import type { Question } from '../../clickhouse/questions.ts';
import { wrap } from './formats.ts';

const WIDTH = 80;

/** `ask --list`: every question with what it answers, by where its answer comes from. */
export function listText(questions: readonly Question[]): string {
  const nameWidth = Math.max(...questions.map(({ name }) => name.length));
  const section = (heading: string, source: Question['source']) => {
    const entries = questions.filter((question) => question.source === source);
    if (entries.length === 0) return [];
    return [heading, ...entries.flatMap((question) => entryLines(question, nameWidth)), ''];
  };
  return [
    ...section("From the catalogue (films' facts, as loaded):", 'catalogue'),
    ...section('From the stream (ratings, as they arrive):', 'stream'),
    'reelstream ask <question> --help says what exactly is counted, what the figures',
    'do not say, and what can be asked for.',
  ].join('\n');
}

function entryLines({ name, summary, parameters }: Question, nameWidth: number): string[] {
  const needed = parameters.filter(({ defaultText }) => defaultText === null).map((one) => `<${one.name}>`);
  const text = needed.length === 0 ? summary : `${needed.join(' ')}: ${summary}`;
  const lines = wrap(text, WIDTH - nameWidth - 4);
  return lines.map((line, i) => `  ${(i === 0 ? name : '').padEnd(nameWidth)}  ${line}`);
}

/** Behind the options in `ask <question> --help`. */
export function questionHelp(question: Question): string {
  const column = ({ name, unit, text }: Question['columns'][number]) => {
    const what = unit === '' || unit === 'id' ? text : `${text} (${unit})`;
    return wrap(what, WIDTH - 32).map((line, i) => `  ${(i === 0 ? name : '').padEnd(28)}  ${line}`);
  };
  return [
    '',
    'What is counted:',
    ...wrap(question.definition, WIDTH - 2).map((line) => `  ${line}`),
    '',
    'What the figures do not say:',
    ...question.caveats.flatMap((caveat) =>
      wrap(caveat, WIDTH - 4).map((line, i) => `${i === 0 ? '  - ' : '    '}${line}`),
    ),
    '',
    'Columns:',
    ...question.columns.flatMap(column),
    ...(question.totals.length === 0 ? [] : ['The same on every row:', ...question.totals.flatMap(column)]),
    '',
    `The statement: clickhouse/questions/${question.name}.sql`,
  ].join('\n');
}
