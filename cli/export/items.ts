import type { Question } from '../../clickhouse/questions.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { GivenTexts } from '../ask/bind.ts';
import { didYouMean } from '../suggest.ts';
import { EXPORTED_TABLES } from './tables.ts';

/** One answer or table of an export: `<folder>/<name>.csv` and `.parquet`. */
export type ExportItem =
  | { readonly kind: 'table'; readonly name: string; readonly orderBy: string }
  | {
      readonly kind: 'question';
      readonly name: string;
      readonly question: Question;
      readonly given: GivenTexts;
    };

export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/** Choices that make an answer of their own; every other parameter stands at its default. */
const VARIANTS: Readonly<Record<string, string>> = { trending: 'by' };

/** Every table, and every question that can be asked without naming one film or person. */
export function exportItems(questions: readonly Question[]): { items: ExportItem[]; leftOut: LeftOut[] } {
  const tables = Object.entries(EXPORTED_TABLES).map(
    ([name, orderBy]): ExportItem => ({ kind: 'table', name, orderBy }),
  );
  const needsWord = (question: Question) =>
    question.parameters.find(({ defaultText }) => defaultText === null);
  const leftOut = questions.flatMap((question) => {
    const word = needsWord(question);
    return word ? [{ name: question.name, reason: `asks about one ${word.name}` }] : [];
  });
  const answers = questions.filter((question) => !needsWord(question)).flatMap(answersOf);
  return { items: [...tables, ...answers], leftOut };
}

function answersOf(question: Question): ExportItem[] {
  const given = everyRow(question);
  const variant = question.parameters.find(({ name }) => name === VARIANTS[question.name]);
  if (!variant) return [{ kind: 'question', name: question.name, question, given }];
  return variant.choices.map((choice) => ({
    kind: 'question',
    name: `${question.name}-${choice}`,
    question,
    given: { ...given, [variant.name]: choice },
  }));
}

/** An export is not a screen: as many rows as the question allows. */
function everyRow({ parameters }: Question): GivenTexts {
  const top = parameters.find(({ name }) => name === 'top');
  return top?.range ? { top: top.range[1] } : {};
}

/** @throws ReelstreamError `usage` for a name that is neither a table nor a question */
export function chooseItems(items: readonly ExportItem[], only: readonly string[] | undefined): ExportItem[] {
  if (only === undefined) return [...items];
  const isMeant = (item: ExportItem, name: string) =>
    item.name === name || (item.kind === 'question' && item.question.name === name);
  for (const name of only) {
    if (items.some((item) => isMeant(item, name))) continue;
    const known = [
      ...new Set(
        items.flatMap((item) => [item.name, item.kind === 'question' ? item.question.name : item.name]),
      ),
    ];
    const guess = didYouMean(name, known);
    throw new ReelstreamError(
      'usage',
      `--only: nothing that is exported is called "${name}"${guess || `; there are ${known.join(', ')}`}`,
    );
  }
  return items.filter((item) => only.some((name) => isMeant(item, name)));
}
