export type PythonValue =
  | null
  | boolean
  | number
  | string
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue };

export type ParseOutcome =
  | { readonly ok: true; readonly value: PythonValue }
  | { readonly ok: false; readonly position: number; readonly problem: string };

/** Deeper nesting than any catalogue has; keeps a hostile file from exhausting the stack. */
const MAX_DEPTH = 64;

const WORDS: Readonly<Record<string, PythonValue>> = { None: null, True: true, False: false };
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
};
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const NUMBER = /[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z]+/y;
const SPACE = /\s*/y;
const OCTAL = /[0-7]{1,3}/y;

class Unexpected extends Error {
  readonly position: number;
  constructor(position: number, problem: string) {
    super(problem);
    this.position = position;
  }
}

/**
 * Reads what Python's `repr` writes for lists, tuples, dictionaries, text, numbers, None, True and False: the list
 * columns of the metadata files. Text that holds quotes of the other kind is why replacing quotes and reading JSON
 * is not enough. Never throws.
 */
export function parsePythonLiteral(text: string): ParseOutcome {
  let at = 0;

  const fail = (problem: string): never => {
    throw new Unexpected(at, problem);
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const skipSpace = () => match(SPACE);
  const expect = (character: string) => {
    if (text[at] !== character) fail(`expected ${character}`);
    at += 1;
  };

  const value = (depth: number): PythonValue => {
    if (depth > MAX_DEPTH) fail('nested too deep');
    skipSpace();
    const first = text[at];
    if (first === '[') return sequence(']', depth);
    if (first === '(') return sequence(')', depth);
    if (first === '{') return dictionary(depth);
    if (first === "'" || first === '"') return string(first);
    const number = match(NUMBER);
    if (number !== undefined) return Number(number.replaceAll('_', ''));
    const start = at;
    const word = match(WORD);
    if (word !== undefined && Object.hasOwn(WORDS, word)) return WORDS[word]!;
    at = start;
    return fail('expected a value');
  };

  const items = (close: string, item: () => void) => {
    at += 1;
    for (;;) {
      skipSpace();
      if (text[at] === close) break;
      item();
      skipSpace();
      if (text[at] !== ',') break;
      at += 1;
    }
    expect(close);
  };

  const sequence = (close: string, depth: number): PythonValue => {
    const values: PythonValue[] = [];
    items(close, () => values.push(value(depth + 1)));
    return values;
  };

  const dictionary = (depth: number): PythonValue => {
    const entries: [string, PythonValue][] = [];
    items('}', () => {
      const key = value(depth + 1);
      if (typeof key === 'object' && key !== null) fail('a key must be text or a number');
      skipSpace();
      expect(':');
      entries.push([String(key), value(depth + 1)]);
    });
    return Object.fromEntries(entries);
  };

  const string = (quote: string): string => {
    at += 1;
    let result = '';
    for (;;) {
      const character = text[at];
      if (character === undefined || character === '\n') return fail('text without its closing quote');
      at += 1;
      if (character === quote) return result;
      result += character === '\\' ? escaped() : character;
    }
  };

  const escaped = (): string => {
    const octal = match(OCTAL);
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    const character = text[at] ?? fail('text without its closing quote');
    at += 1;
    const simple = ESCAPES[character];
    if (simple !== undefined) return simple;
    const digits = HEX_DIGITS[character];
    if (digits === undefined) return `\\${character}`;
    const hex = text.slice(at, at + digits);
    const code = new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex) ? Number.parseInt(hex, 16) : -1;
    if (code < 0 || code > 0x10ffff) return fail(`a bad \\${character} escape`);
    at += digits;
    return String.fromCodePoint(code);
  };

  try {
    const result = value(0);
    skipSpace();
    if (at < text.length) fail('something follows the value');
    return { ok: true, value: result };
  } catch (error) {
    if (error instanceof Unexpected) return { ok: false, position: error.position, problem: error.message };
    throw error;
  }
}
