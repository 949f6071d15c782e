/** A named question, as far as a dashboard needs it; its file is the one that the command line reads. */
export interface QuestionText {
  readonly name: string;
  readonly summary: string;
  readonly definition: string;
  readonly caveats: readonly string[];
  readonly sql: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly kind: string;
    /** as a person would write it; null = must be given */
    readonly defaultText: string | null;
  }[];
}

export type Questions = ReadonlyMap<string, QuestionText>;

const DURATION_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * The question's statement with values in place of its parameters, for a panel cannot send any. Values come from this
 * repository, never from a reader.
 * @throws RangeError for a question or parameter that is not there, or a value that must be given
 */
export function questionSql(
  questions: Questions,
  name: string,
  given: Readonly<Record<string, string>> = {},
): string {
  const question = questionOf(questions, name);
  const unknown = Object.keys(given).filter(
    (one) => !question.parameters.some((known) => known.name === one),
  );
  if (unknown.length > 0) throw new RangeError(`${name} has no parameter ${unknown.join(', ')}`);
  return question.sql
    .replaceAll(/\{(\w+):((?:[^{}]|\{[^}]*\})+)\}/g, (_, parameter: string, type: string) => {
      const known = question.parameters.find((one) => one.name === parameter);
      const text = given[parameter] ?? known?.defaultText ?? null;
      if (!known || text === null) throw new RangeError(`${name}: ${parameter} has no value`);
      return literal(known.kind, text, type);
    })
    .trim();
}

export function questionOf(questions: Questions, name: string): QuestionText {
  const question = questions.get(name);
  if (!question) throw new RangeError(`there is no question ${name}`);
  return question;
}

/** What a panel says of it: the summary, then what is counted and what that does not say. */
export function questionDescription(questions: Questions, name: string): string {
  const { summary, definition, caveats } = questionOf(questions, name);
  return [`${summary[0]!.toUpperCase()}${summary.slice(1)}.`, definition, ...caveats].join('\n\n');
}

function literal(kind: string, text: string, type: string): string {
  switch (kind) {
    case 'integer':
    case 'number':
    case 'year':
    case 'id':
      return text;
    case 'duration':
      return String(Number(text.slice(0, -1)) * DURATION_SECONDS[text.at(-1)!]!);
    case 'time':
      return text === 'now' ? '$__toTime' : `CAST('${text.replace('T', ' ')}' AS ${type})`;
    case 'date':
      return `CAST('${text}' AS ${type})`;
    case 'month':
      return `CAST('${text}-01' AS ${type})`;
    case 'genre':
    case 'company':
      return `CAST([${text === 'all' ? '' : text}] AS ${type})`;
    default:
      return `'${text.replaceAll("'", "''")}'`;
  }
}
