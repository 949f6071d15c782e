import type { EngineSession } from './engine.ts';
import { refuseOutsideAccess } from './outside-access.ts';
import { ServerException } from './server-exception.ts';
import { type ByteText, fromByteText, literal } from './sql-text.ts';
import type { Statement } from './statement.ts';

/**
 * What a request may do. `read_setting`: somebody who may write asks for `readonly` in the address. `user`: reads only, and no files or addresses (`readonly=1`). `method`: a GET of somebody who
 * may write; the engine's `readonly=2`, as on a server, so that settings may stand in the statement. It reads no files or
 * addresses either: a link or an image on any page makes a browser send one.
 */
export type Access = 'write' | 'read_method' | 'read_setting' | 'read_user';

const READ_KEYWORDS = new Set(['SELECT', 'WITH', 'FROM', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS']);
const READ_NODES = /^(Select\w*|Show\w*|Describe\w*|Exists\w*|Explain)\b/;

/**
 * `readonly` of the engine alone is not enough: it lets SYSTEM, KILL and INTO OUTFILE through. So the first keyword
 * must be one that reads.
 * @throws ServerException 164
 */
export function requireReadStatement(statement: Statement, access: Access): void {
  if (access === 'write') return;
  if (statement.kind !== 'query' || !READ_KEYWORDS.has(statement.keyword)) throw refusal(access);
}

const TABLE_FUNCTIONS = 'SELECT lower(name) FROM system.table_functions';

/**
 * And the engine's own parse must agree: its top node reads, and nothing in it names a file or an address.
 * @throws ServerException 164, 358
 */
export async function requireReadOnly(session: EngineSession, text: ByteText, access: Access): Promise<void> {
  const lines = await linesOf(session, `EXPLAIN AST ${fromByteText(text)}`);
  if (!READ_NODES.test(lines[0] ?? '')) throw refusal(access);
  // INTO OUTFILE shows as a bare literal right under the top node
  if (lines.some((line) => /^ Literal /.test(line))) {
    throw new ServerException(358, 'INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed');
  }
  refuseOutsideAccess(text, lines, new Set(await linesOf(session, TABLE_FUNCTIONS)));
}

async function linesOf(session: EngineSession, sql: string): Promise<string[]> {
  const { bytes } = await session.run(sql, 'TabSeparatedRaw');
  return Buffer.from(bytes).toString('utf8').split('\n');
}

/**
 * Value of the setting `readonly`, which makes the engine refuse what the keywords do not show; null leaves it alone.
 * It cannot be taken back on a session. A client may ask for more strictness, never for less.
 */
export function readOnlyValue(access: Access, asked: string | undefined): string | null {
  if (access === 'read_user') return '1';
  if (asked !== undefined && asked !== '0') return asked;
  return access === 'read_method' ? '2' : null;
}

function refusal(access: Access): ServerException {
  const hint =
    access === 'read_method'
      ? ' A GET only reads: use the method POST for statements that change anything.'
      : '';
  return new ServerException(164, 'READONLY', `Cannot execute query in readonly mode.${hint}`);
}

/**
 * The engine runs `a; b` as two statements; a server refuses it. A text without a semicolon is one statement for
 * certain; otherwise the engine's parser says so.
 * @throws ServerException 62
 */
export async function requireSingleStatement(session: EngineSession, text: ByteText): Promise<void> {
  if (!hasInnerSemicolon(text)) return;
  try {
    await session.run(`SELECT formatQuerySingleLine(${literal(fromByteText(text))}) FORMAT Null`);
  } catch (thrown) {
    if (!(thrown instanceof ServerException)) throw thrown;
    const message = thrown.message.split(': In scope SELECT formatQuerySingleLine(', 1)[0]!.trimEnd();
    throw new ServerException(thrown.code, thrown.exceptionName, message);
  }
}

/** Read from the end, each character once: a pattern for "blanks at the end" tries every run of blanks anew. */
export function hasInnerSemicolon(text: ByteText): boolean {
  let end = text.length;
  while (end > 0 && isBlankOrSemicolon(text.charCodeAt(end - 1))) end -= 1;
  const at = text.indexOf(';');
  return at !== -1 && at < end;
}

const SEMICOLON = 59;
const SPACE = 32;

/** `\t` to `\r`, as `\s` has it */
function isBlankOrSemicolon(code: number): boolean {
  return code === SEMICOLON || code === SPACE || (code >= 9 && code <= 13);
}
