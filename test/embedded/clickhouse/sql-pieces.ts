import fc from 'fast-check';
import type { TokenKind } from '../../../embedded/clickhouse/lexer.ts';

export interface Piece {
  readonly text: string;
  /** null for what is no token: blanks and comments */
  readonly kind: TokenKind | null;
}

const piece = (kind: Piece['kind']) => (text: string) => ({ text, kind });
/** what could make a lexer lose its way inside a literal */
const tricky = fc.string({
  unit: fc.constantFrom(
    'a',
    ';',
    "'",
    '"',
    '`',
    '\\',
    '-',
    '/',
    '*',
    '$',
    '#',
    '(',
    ')',
    ' ',
    '\n',
    'é',
    '‘',
    '’',
    '0',
  ),
  maxLength: 12,
});
const escapeWith = (quote: string, style: 'double' | 'backslash') => (text: string) =>
  text.replaceAll('\\', '\\\\').replaceAll(quote, style === 'double' ? quote + quote : `\\${quote}`);

const quoted = (quote: string, kind: TokenKind) =>
  fc
    .tuple(tricky, fc.constantFrom('double' as const, 'backslash' as const))
    .map(([text, style]) => quote + escapeWith(quote, style)(text) + quote)
    .map(piece(kind));

export const literals: fc.Arbitrary<Piece> = fc.oneof(
  quoted("'", 'string'),
  tricky
    .filter((text) => !text.includes('$'))
    .map((text) => `$doc$${text}$doc$`)
    .map(piece('string')),
  tricky
    .filter((text) => !/[‘’]/.test(text))
    .map((text) => `‘${text}’`)
    .map(piece('string')),
);
export const identifiers: fc.Arbitrary<Piece> = fc.oneof(
  quoted('`', 'identifier'),
  quoted('"', 'identifier'),
);
export const words: fc.Arbitrary<Piece> = fc
  .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
  .map(piece('word'));
export const numbers: fc.Arbitrary<Piece> = fc.nat().map(String).map(piece('word'));
export const symbols: fc.Arbitrary<Piece> = fc
  .constantFrom('(', ')', ',', ';', '=', '.', '+', '{', '}')
  .map(piece('symbol'));
export const comments: fc.Arbitrary<Piece> = fc.oneof(
  tricky.map((text) => `-- ${text.replaceAll('\n', '')}\n`).map(piece(null)),
  tricky.map((text) => `# ${text.replaceAll('\n', '')}\n`).map(piece(null)),
  tricky
    .filter((text) => !text.includes('*') && !text.includes('/'))
    .map((text) => `/* ${text} /* nested; */ ; */`)
    .map(piece(null)),
  fc.constantFrom(' ', '\n', '\t', '\r\n').map(piece(null)),
);
