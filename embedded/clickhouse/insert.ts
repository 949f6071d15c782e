import type { EngineCompression } from './encodings.ts';
import { literal } from './sql-text.ts';
import type { InsertWithData } from './statement.ts';

/**
 * The INSERT that reads its rows from a file. INFILE keeps the meaning of a body: column lists, defaults of missing
 * columns, no structure needed. `input('…')` becomes `file(…)` with the same structure.
 */
export function insertFromFile(
  insert: InsertWithData,
  path: string,
  compression: EngineCompression | null,
): string {
  const { head, format, input, settingsStart } = insert;
  if (input) {
    const compressed = compression ? `, ${literal(compression)}` : '';
    const source = `file(${literal(path)}, ${format}, ${input.structure}${compressed})`;
    return head.slice(0, input.start) + source + head.slice(input.end);
  }
  const at = settingsStart ?? head.length;
  const compressed = compression ? ` COMPRESSION ${literal(compression)}` : '';
  return `${head.slice(0, at)} FROM INFILE ${literal(path)}${compressed} ${head.slice(at)} FORMAT ${format}`;
}
