export type TokenKind = 'word' | 'string' | 'identifier' | 'symbol' | 'unclosed';

/** A significant token: white space and comments are left out. `start` and `end` are offsets into the text. */
export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

const SPACE = /[ \t\n\r\f\v\0]/;
/** dollar signs and, in a latin1 text, the bytes of anything beyond ASCII belong to words */
const WORD = /[A-Za-z0-9_$\x80-\xff]/;
const HEREDOC = /\$[A-Za-z0-9_]*\$/y;
/** curly quotes as UTF-8 bytes; the engine takes them for quotes */
const CURLY: readonly (readonly [open: string, close: string, kind: TokenKind])[] = [
  ['\xe2\x80\x98', '\xe2\x80\x99', 'string'],
  ['\xe2\x80\x9c', '\xe2\x80\x9d', 'identifier'],
];
const NO_BREAK_SPACES = ['\xc2\xa0', '\xe3\x80\x80', '\xef\xbb\xbf', '\xe2\x80\x8b'];

/**
 * Cuts ClickHouse SQL into tokens, lazily, so that data behind a statement is never looked at.
 * Takes one character per byte (latin1): offsets are then byte offsets, and bytes that are no UTF-8 do no harm.
 * It only finds boundaries; whether a statement is right, and whether it is one statement, the engine decides.
 */
export function* tokenize(text: string): Generator<Token> {
  const marks = heredocMarks(text);
  let at = 0;
  for (;;) {
    at = skipInsignificant(text, at);
    if (at >= text.length) return;
    const token = readToken(text, at, marks);
    yield token;
    at = token.end;
  }
}

function skipInsignificant(text: string, from: number): number {
  let at = from;
  for (;;) {
    const before = at;
    while (at < text.length && SPACE.test(text[at]!)) at++;
    const space = NO_BREAK_SPACES.find((bytes) => text.startsWith(bytes, at));
    if (space) at += space.length;
    if (isLineComment(text, at)) at = endOfLine(text, at);
    else if (text.startsWith('/*', at)) at = endOfBlockComment(text, at);
    if (at === before) return at;
  }
}

function isLineComment(text: string, at: number): boolean {
  return ['--', '//', '# ', '#!'].some((mark) => text.startsWith(mark, at));
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** Block comments nest. */
function endOfBlockComment(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; ) {
    if (text.startsWith('/*', i)) {
      depth += 1;
      i += 2;
    } else if (text.startsWith('*/', i)) {
      depth -= 1;
      i += 2;
      if (depth === 0) return i;
    } else i += 1;
  }
  return text.length;
}

function readToken(text: string, start: number, marks: HeredocMarks): Token {
  const first = text[start]!;
  if (first === "'") return quoted(text, start, "'", 'string');
  if (first === '`' || first === '"') return quoted(text, start, first, 'identifier');
  for (const [open, close, kind] of CURLY) {
    if (!text.startsWith(open, start)) continue;
    const end = text.indexOf(close, start + open.length);
    return end === -1
      ? { kind: 'unclosed', start, end: text.length }
      : { kind, start, end: end + close.length };
  }
  if (first === '$') {
    const end = endOfHeredoc(text, start, marks);
    if (end !== null) return { kind: 'string', start, end };
  }
  if (!WORD.test(first)) return { kind: 'symbol', start, end: start + 1 };
  let end = start + 1;
  while (end < text.length && WORD.test(text[end]!) && !NO_BREAK_SPACES.some((b) => text.startsWith(b, end)))
    end++;
  return { kind: 'word', start, end };
}

/** A quote is escaped by a backslash or by doubling it. */
function quoted(text: string, start: number, quote: string, kind: TokenKind): Token {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return { kind, start, end: i + 1 };
      i++;
    }
  }
  return { kind: 'unclosed', start, end: text.length };
}

function endOfHeredoc(text: string, start: number, marks: HeredocMarks): number | null {
  HEREDOC.lastIndex = start;
  const mark = HEREDOC.exec(text)?.[0];
  if (mark === undefined || marks.lastIndexOf(mark) < start + mark.length) return null;
  return text.indexOf(mark, start + mark.length) + mark.length;
}

/** Where each `$mark$` stands for the last time; -1 for none. */
interface HeredocMarks {
  lastIndexOf(mark: string): number;
}

/** Found in one pass, at the first question: a search per mark, each to the end, would take the square of the length. */
function heredocMarks(text: string): HeredocMarks {
  let found: Map<string, number> | null = null;
  const find = () => {
    const last = new Map<string, number>();
    for (let at = text.indexOf('$'); at !== -1; ) {
      const next = text.indexOf('$', at + 1);
      HEREDOC.lastIndex = at;
      const mark = HEREDOC.exec(text)?.[0];
      if (mark !== undefined) last.set(mark, at);
      at = next;
    }
    return last;
  };
  return {
    lastIndexOf(mark) {
      found ??= find();
      return found.get(mark) ?? -1;
    },
  };
}
