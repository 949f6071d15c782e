import type { Command } from 'commander';
import { type Question, readQuestions } from '../../clickhouse/questions.ts';
import { optionName } from '../../clickhouse/questions-bind.ts';
import type { QuestionParameter } from '../../clickhouse/questions-parameter.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { type AskOptions, ask } from '../ask/ask.ts';
import { type GivenTexts, hasSpan } from '../ask/bind.ts';
import { FORMATS, toListJson } from '../ask/formats.ts';
import { listText, questionHelp } from '../ask/help.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { didYouMean } from '../suggest.ts';
import { questionsFolder } from '../wiring.ts';

interface ListOptions {
  readonly list?: boolean;
  readonly json?: boolean;
}

const HELP = `
  reelstream ask --list
  reelstream ask most-popular-genre-by-year --from 1990
  reelstream ask revenue-by-genre-by-year --credit fractional --chart revenue.svg
  reelstream ask metric --metric profit --by country --stat median --min-n 5 --chart
  reelstream ask company-year --company "Pixar Animation Studios" --format csv > pixar.csv`;

export const configure: Configure = (command) => {
  const questions = readQuestions(questionsFolder);
  command
    .description('answer a named question; --list names them, and each explains itself with --help')
    .option('--list', 'every question with what it answers')
    .option('--json', 'print the list, or the answer, as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async ({ list, json }: ListOptions, _settings, name?: string) => {
        if (name !== undefined) throw unknownQuestion(name, questions);
        if (!list) throw new ReelstreamError('usage', 'which question? `reelstream ask --list` names them');
        if (json) printJson(toListJson(questions));
        else printLine(listText(questions));
        return 0;
      }),
    );
  for (const question of questions) addQuestion(command, question);
};

function unknownQuestion(name: string, questions: readonly Question[]): ReelstreamError {
  const guess = didYouMean(
    name,
    questions.map((question) => question.name),
  );
  return new ReelstreamError(
    'usage',
    `there is no question "${name}"${guess || '; `reelstream ask --list` names them'}`,
  );
}

function addQuestion(parent: Command, question: Question): void {
  const command = parent
    .command(question.name)
    .summary(question.summary)
    .description(question.summary)
    .exitOverride();
  const words = question.parameters.filter(({ defaultText }) => defaultText === null);
  for (const { name, text } of words) command.argument(`<${name}>`, text);
  for (const parameter of question.parameters) if (!words.includes(parameter)) addOption(command, parameter);
  if (hasSpan(question)) command.option('--year <year>', 'the same as --from and --to of that year');
  command
    .option('--format <format>', FORMATS.join(', '), 'table')
    .option('--json', 'the same as --format json')
    .option('--wide', 'every column, however wide')
    .option('--chart [file]', 'draw it: here, or into a file .svg or .png')
    .addHelpText('after', questionHelp(question))
    .action(
      action(async (options: AskOptions & Readonly<Record<string, unknown>>, settings, ...given: string[]) =>
        ask(question, givenTexts(question, words, given, options), withParentJson(options, parent), settings),
      ),
    );
}

/** `--json` is an option of `ask` too, and commander hands it to whichever comes first. */
function withParentJson(options: AskOptions, parent: Command): AskOptions {
  return parent.opts<ListOptions>().json ? { ...options, json: true } : options;
}

function addOption(command: Command, parameter: QuestionParameter): void {
  const { name, kind, choices, range, defaultText, text } = parameter;
  const values = kind === 'choice' ? choices.join(', ') : range ? `${range[0]} to ${range[1]}` : '';
  const about = [text, ...(values === '' ? [] : [values]), `default ${defaultText}`].join('; ');
  const flag = `${optionName(name)} <${kind === 'integer' ? 'n' : kind}>`;
  if (kind !== 'genre' && kind !== 'company') {
    command.option(flag, about);
    return;
  }
  const collect = (one: string, before: readonly string[] = []) => [...before, one];
  command.option(flag, `${text}, by name or id; may be repeated`, collect);
}

/** commander's camelCase keys -> names of parameters. */
function givenTexts(
  { parameters }: Question,
  words: readonly QuestionParameter[],
  given: readonly string[],
  options: Readonly<Record<string, unknown>>,
): GivenTexts {
  const positional = words.map(({ name }, i) => [name, given[i]] as const);
  const optional = parameters.map(({ name }) => {
    const key = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return [name, options[key] as string | readonly string[] | undefined] as const;
  });
  return Object.fromEntries([...optional, ...positional]);
}
