import { join } from 'node:path';
import { expect } from 'vitest';
import type { ClickHouse } from '../../../clickhouse/connection.ts';
import { readQuestions } from '../../../clickhouse/questions.ts';
import { type Answer, type AnswerRow, askQuestion } from '../../../clickhouse/questions-answer.ts';
import { bindParameter } from '../../../clickhouse/questions-bind.ts';
import { projectRoot } from '../../../runtime/environment.ts';

const questions = new Map(
  readQuestions(join(projectRoot, 'clickhouse/questions')).map((question) => [question.name, question]),
);

export type Given = Readonly<Record<string, string | readonly number[]>>;

/** Asks with defaults for what is not given, and for every row; genres and companies are given as ids. */
export async function answer(clickhouse: ClickHouse, name: string, given: Given = {}): Promise<Answer> {
  const question = questions.get(name)!;
  const values = question.parameters.map((parameter) => {
    const all = parameter.name === 'top' ? '1000000' : parameter.defaultText!;
    const text = given[parameter.name] ?? all;
    const ids = typeof text === 'string' ? [] : text;
    return [parameter.name, bindParameter(parameter, String(text), { nowMs: Date.now(), ids })];
  });
  return askQuestion(clickhouse, question, Object.fromEntries(values));
}

/** Rows by key; two rows of one key would hide one. */
export function keyed(rows: readonly AnswerRow[], ...keys: readonly string[]): Map<string, AnswerRow> {
  const found = new Map(rows.map((row) => [keys.map((key) => row[key]).join(' '), row]));
  expect(found.size).toBe(rows.length);
  return found;
}

type Expected = Readonly<Record<string, number | string | null>>;

/** The same keys, and every figure that is expected: sums of thirds to nine digits, everything else exactly. */
export function expectRows(
  found: ReadonlyMap<string, AnswerRow>,
  expected: ReadonlyMap<string, Expected>,
): void {
  expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [key, figures] of expected) {
    for (const [name, figure] of Object.entries(figures)) {
      const cell = found.get(key)![name] ?? null;
      const isClose =
        typeof cell === 'number' &&
        typeof figure === 'number' &&
        Math.abs(cell - figure) <= 1e-9 * Math.max(1, Math.abs(figure));
      if (!isClose && cell !== figure) expect({ key, [name]: cell }).toEqual({ key, [name]: figure });
    }
  }
}
