import { type Token, tokenize } from './lexer.ts';
import { ServerException } from './server-exception.ts';
import { type ByteText, fromByteText } from './sql-text.ts';

/** An INSERT whose rows follow the statement, in its body or in its text. */
export interface InsertWithData {
  readonly kind: 'insert_data';
  /** text before the clause that announces the rows */
  readonly head: string;
  readonly format: string;
  /** where `input('structure')` stands in the head, with the structure's own text */
  readonly input: { readonly start: number; readonly end: number; readonly structure: string } | null;
  /** where a SETTINGS clause of the head begins; the file clause goes before it */
  readonly settingsStart: number | null;
  readonly dataStart: number;
}

/** A statement that answers with rows. */
export interface Query {
  readonly kind: 'query';
  /** first keyword in upper case */
  readonly keyword: string;
  /** where INTO OUTFILE may be put in */
  readonly outputAt: number;
  /** format named by the text itself */
  readonly format: string | null;
}

/** Anything else: DDL, SET, USE, KILL, INSERT … SELECT. */
export interface Command {
  readonly kind: 'command';
  readonly keyword: string;
}

export type Statement = InsertWithData | Query | Command;

const INFILE_REFUSED = 'FROM INFILE names a file of the client; send its bytes as the body instead';
const ROW_KEYWORDS = new Set([
  'SELECT',
  'WITH',
  'FROM',
  'SHOW',
  'DESCRIBE',
  'DESC',
  'EXPLAIN',
  'EXISTS',
  'CHECK',
]);

/** a curly quote, in UTF-8 */
const CURLY_BYTES = 3;

interface Scan {
  readonly text: ByteText;
  readonly tokens: Iterator<Token>;
}

/**
 * Finds out what a statement is and where its rows begin; rows may follow it in the text.
 * What it does not understand is a `command`, and the engine words the complaint.
 * @throws ServerException for INTO OUTFILE and FROM INFILE, which name files of this machine, and for a text without any word
 */
export function analyse(text: ByteText): Statement {
  const scan: Scan = { text, tokens: tokenize(text) };
  let first = next(scan);
  while (first && wordOf(text, first) === '(') first = next(scan);
  if (!first || wordOf(text, first) === ';') throw new ServerException(62, 'SYNTAX_ERROR', 'Empty query.');
  const keyword = wordOf(text, first);
  if (keyword === 'INSERT') return analyseInsert(scan) ?? { kind: 'command', keyword };
  if (!ROW_KEYWORDS.has(keyword)) return { kind: 'command', keyword };
  const clauses = readClauses(text);
  if (keyword === 'WITH' && clauses.hasInsert) return { kind: 'command', keyword: 'INSERT' };
  if (clauses.hasOutfile)
    throw new ServerException(358, 'INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed');
  return { kind: 'query', keyword, ...outputClause(clauses, keyword) };
}

function next(scan: Scan): Token | null {
  const step = scan.tokens.next();
  return step.done ? null : step.value;
}

/** upper case for words, the text itself for anything else */
export function wordOf(text: ByteText, token: Token): string {
  const raw = text.slice(token.start, token.end);
  return token.kind === 'word' ? raw.toUpperCase() : raw;
}

/** The name without its quotes; backslashes stay as they are. */
export function nameOf(text: ByteText, token: Token): string {
  const raw = text.slice(token.start, token.end);
  if (token.kind !== 'identifier') return fromByteText(raw);
  const quote = raw[0]!;
  if (quote !== '`' && quote !== '"') return fromByteText(raw.slice(CURLY_BYTES, -CURLY_BYTES));
  return fromByteText(raw.slice(1, -1).replaceAll(quote + quote, quote));
}

/** `FORMAT name` or `SETTINGS name =` outside of brackets. */
interface Clause {
  /** number of its first token */
  readonly at: number;
  readonly start: number;
  readonly name: string;
}

interface Clauses {
  readonly hasInsert: boolean;
  readonly hasOutfile: boolean;
  /** the one that ends the statement, or stands before its SETTINGS */
  readonly format: Clause | null;
  readonly settings: Clause | null;
  /** behind the last token, semicolons at the end apart */
  readonly end: number;
}

/** In one pass, holding two tokens: a list of a million numbers is no list of a million tokens. */
function readClauses(text: ByteText): Clauses {
  let depth = 0;
  let index = -1;
  let [word, before] = ['', ''];
  let [start, startBefore] = [0, 0];
  let last = { index: -1, end: text.length };
  let [hasInsert, hasOutfile] = [false, false];
  let format: Clause | null = null;
  let formatBeforeSettings: Clause | null = null;
  let settings: Clause | null = null;
  for (const token of tokenize(text)) {
    const [first, firstStart] = [before, startBefore];
    [before, startBefore] = [word, start];
    [word, start] = [token.kind === 'string' ? '' : wordOf(text, token), token.start];
    index += 1;
    if (word !== ';') last = { index, end: token.end };
    if (word === '(' || word === '[' || word === '{') depth += 1;
    if (word === ')' || word === ']' || word === '}') depth -= 1;
    if (depth !== 0) continue;
    if (before === 'INSERT' && word === 'INTO') hasInsert = true;
    if (token.kind === 'word' && before === 'INTO' && word === 'OUTFILE') hasOutfile = true;
    if (token.kind === 'word' && before === 'FORMAT' && index > 1) {
      format = { at: index - 1, start: startBefore, name: text.slice(token.start, token.end) };
    }
    // SHOW SETTINGS is no such clause
    if (first === 'SETTINGS' && word === '=') {
      settings = { at: index - 2, start: firstStart, name: before };
      formatBeforeSettings = format?.at === index - 4 ? format : null;
    }
  }
  const isLast = format?.at === last.index - 1;
  return { hasInsert, hasOutfile, settings, end: last.end, format: isLast ? format : formatBeforeSettings };
}

/** The last `FORMAT name` at the top, followed by nothing or by SETTINGS; else the end of the statement. */
function outputClause(
  { format, settings, end }: Clauses,
  keyword: string,
): { outputAt: number; format: string | null } {
  if (format) return { outputAt: format.start, format: format.name };
  // only a SELECT owns the SETTINGS at its end; elsewhere they come after the output clauses
  const ownsSettings = keyword === 'SELECT' || keyword === 'WITH' || keyword === 'FROM';
  return { outputAt: settings !== null && !ownsSettings ? settings.start : end, format: null };
}

function analyseInsert(scan: Scan): InsertWithData | null {
  const { text } = scan;
  let token = skipTarget(scan);
  let depth = 0;
  let settingsStart: number | null = null;
  let input: InsertWithData['input'] = null;
  let isSelect = false;
  for (; token; token = next(scan)) {
    const word = wordOf(text, token);
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (token.kind === 'word' && word === 'INPUT' && isSelect) input ??= readInput(scan, token);
    if (depth !== 0 || token.kind !== 'word') continue;
    if (word === 'SELECT' || word === 'WITH') isSelect = true;
    if (word === 'INFILE' && !isSelect)
      throw new ServerException(78, 'UNKNOWN_TYPE_OF_QUERY', INFILE_REFUSED);
    if (word === 'SETTINGS') settingsStart = isSelect ? settingsStart : token.start;
    if (word === 'VALUES' && !isSelect) return valuesClause(scan, token, settingsStart);
    if (word === 'FORMAT' && (!isSelect || input)) return formatClause(scan, token, settingsStart, input);
  }
  return null;
}

/** `INTO [TABLE] [FUNCTION f(…)] name[.name]`: a table may be called FORMAT or VALUES. Returns the token after it. */
function skipTarget(scan: Scan): Token | null {
  const { text } = scan;
  let token = next(scan);
  if (token && wordOf(text, token) === 'INTO') token = next(scan);
  if (token && wordOf(text, token) === 'TABLE') token = next(scan);
  if (token && wordOf(text, token) === 'FUNCTION') return next(scan);
  token = next(scan);
  while (token && wordOf(text, token) === '.') {
    next(scan);
    token = next(scan);
  }
  return token;
}

/** `input('a UInt8')`: what stands between the brackets is the structure. */
function readInput(scan: Scan, name: Token): InsertWithData['input'] {
  const open = next(scan);
  if (!open || wordOf(scan.text, open) !== '(') return null;
  for (let depth = 1, token = next(scan); token; token = next(scan)) {
    const word = wordOf(scan.text, token);
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (depth > 0) continue;
    return { start: name.start, end: token.end, structure: scan.text.slice(open.end, token.start) };
  }
  return null;
}

function valuesClause(scan: Scan, values: Token, settingsStart: number | null): InsertWithData {
  const firstRow = next(scan);
  return {
    kind: 'insert_data',
    head: scan.text.slice(0, values.start),
    format: 'Values',
    input: null,
    settingsStart,
    dataStart: firstRow?.start ?? scan.text.length,
  };
}

/** Rows begin after the format's name, blanks and one line end; a semicolon there the engine refuses itself. */
function formatClause(
  scan: Scan,
  format: Token,
  settingsStart: number | null,
  input: InsertWithData['input'],
): InsertWithData | null {
  const name = next(scan);
  if (name?.kind !== 'word' || scan.text[name.end] === ';') return null;
  const gap = /^[ \t\f]*\r?\n?/.exec(scan.text.slice(name.end, name.end + 1_000));
  return {
    kind: 'insert_data',
    head: scan.text.slice(0, format.start),
    format: scan.text.slice(name.start, name.end),
    input,
    settingsStart,
    dataStart: name.end + (gap?.[0].length ?? 0),
  };
}
