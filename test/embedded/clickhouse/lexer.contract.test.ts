import { query } from 'chdb';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tokenize } from '../../../embedded/clickhouse/lexer.ts';
import { literal, toByteText } from '../../../embedded/clickhouse/sql-text.ts';
import { comments, identifiers, literals, numbers } from './sql-pieces.ts';

/** What the engine's parser says about a text; null when it is no SQL at all. */
function engineSaysOne(sql: string): boolean | null {
  try {
    query(`SELECT formatQuerySingleLine(${literal(sql)})`, 'Null');
    return true;
  } catch (error) {
    return String(error).includes('Multi-statements are not allowed') ? false : null;
  }
}

function lexerSaysOne(sql: string): boolean {
  const text = toByteText(Buffer.from(sql));
  let separatorSeen = false;
  for (const { start, end } of tokenize(text)) {
    const token = text.slice(start, end);
    if (separatorSeen && token !== ';') return false;
    separatorSeen ||= token === ';';
  }
  return true;
}

it('the engine finds statements end where the lexer finds it', () => {
  const item = fc.oneof(literals, numbers, identifiers);
  const list = fc.tuple(
    fc.array(fc.tuple(item, comments), { minLength: 1, maxLength: 6 }),
    fc.boolean(),
    comments,
  );
  let judged = 0;
  fc.assert(
    fc.property(list, ([items, isTwo, last]) => {
      const columns = items.map(([{ text }, comment]) => `${text} ${comment.text}`).join(',');
      const sql = `SELECT ${columns}${isTwo ? '; SELECT 2' : ';'} ${last.text}`;
      const verdict = engineSaysOne(sql);
      if (verdict === null) return;
      judged += 1;
      expect(lexerSaysOne(sql), sql).toBe(verdict);
    }),
    { numRuns: 600 },
  );
  expect(judged).toBeGreaterThan(300);
});
