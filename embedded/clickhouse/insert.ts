import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { EngineResult, EngineSession } from './engine.ts';
import type { StoredRows } from './received-statement.ts';
import { type ByteText, fromByteText, literal, toByteText } from './sql-text.ts';
import type { InsertWithData } from './statement.ts';

/** Rows may then hold `now()` or `1 + 1`, as on a server; the engine's users file turns it off for everybody else. */
const WITH_EXPRESSIONS = {
  input_format_values_interpret_expressions: 1,
  input_format_values_deduce_templates_of_expressions: 1,
};

/**
 * The INSERT that reads its rows from a file. INFILE keeps the meaning of a body: column lists, defaults of missing
 * columns, no structure needed.
 */
export function insertFromFile(insert: InsertWithData, rows: StoredRows, hasExpressions: boolean): ByteText {
  const { head, format, settingsStart } = insert;
  const at = settingsStart ?? head.length;
  const compressed = rows.compression ? ` COMPRESSION ${literal(rows.compression)}` : '';
  const infile = ` FROM INFILE ${toByteText(Buffer.from(literal(rows.file.path)))}${compressed} `;
  const assignments = Object.entries(hasExpressions ? WITH_EXPRESSIONS : {}).map((pair) => pair.join(' = '));
  const opening = settingsStart === null ? 'SETTINGS ' : ', ';
  const settings = assignments.length === 0 ? '' : `${opening}${assignments.join(', ')}`;
  return `${head.slice(0, at)}${infile}${head.slice(at).trimEnd()} ${settings} FORMAT ${format}`;
}

/**
 * `INSERT … SELECT … FROM input('structure')`: the rows go into a temporary table first, since only INFILE may open a
 * file and has no place in a SELECT. They are in memory then, under the cap of the engine.
 * @throws ServerException
 */
export async function insertThroughInput(
  session: EngineSession,
  insert: InsertWithData,
  rows: StoredRows,
  hasExpressions: boolean,
): Promise<EngineResult> {
  const { head, format, input } = insert;
  if (!input) throw new Error('only an INSERT with input() has a structure');
  const table = `input_${randomUUID().replaceAll('-', '')}`;
  // async_insert would leave the rows behind
  const load = `INSERT INTO ${table} SETTINGS async_insert = 0`;
  const loading: InsertWithData = {
    kind: 'insert_data',
    head: load,
    format,
    input: null,
    settingsStart: load.indexOf('SETTINGS'),
    dataStart: 0,
  };
  await session.run(
    fromByteText(`CREATE TEMPORARY TABLE ${table} ENGINE = Memory AS SELECT * FROM null(${input.structure})`),
  );
  try {
    await session.write(fromByteText(insertFromFile(loading, rows, hasExpressions)));
    return await session.write(fromByteText(head.slice(0, input.start) + table + head.slice(input.end)));
  } finally {
    // also what a named session needs: the table would stay
    await session.run(`DROP TEMPORARY TABLE IF EXISTS ${table}`);
  }
}

/**
 * True for rows in the format Values that may be read with their expressions: those in which the function `file` cannot
 * be, not even by an escaped name. Others are read as plain values, and an expression among them is an error.
 */
export async function mayHoldExpressions(insert: InsertWithData, rows: StoredRows): Promise<boolean> {
  if (insert.format !== 'Values' || rows.compression) return false;
  let before = '';
  for await (const chunk of createReadStream(rows.file.path, { highWaterMark: 1_048_576 })) {
    const text = before + toByteText(chunk as Buffer);
    if (/file|\\x/.test(text)) return false;
    before = text.slice(-4);
  }
  return true;
}
