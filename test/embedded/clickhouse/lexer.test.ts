import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Token, tokenize } from '../../../embedded/clickhouse/lexer.ts';
import { toByteText } from '../../../embedded/clickhouse/sql-text.ts';
import { comments, identifiers, literals, numbers, symbols, words } from './sql-pieces.ts';

const bytes = (text: string) => toByteText(Buffer.from(text));
const tokensOf = (text: string): [kind: Token['kind'], text: string][] => {
  const source = bytes(text);
  return [...tokenize(source)].map(({ kind, start, end }) => [kind, source.slice(start, end)]);
};

describe('tokens', () => {
  it('are the pieces that a text was made of, without blanks and comments', () => {
    const pieces = fc.array(fc.oneof(literals, identifiers, words, numbers, symbols, comments), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(pieces, (made) => {
        const expected = made
          .filter(({ kind }) => kind !== null)
          .map(({ kind, text }) => [kind, bytes(text)]);
        expect(tokensOf(made.map(({ text }) => text).join(' '))).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never overlap and never end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
        const text = toByteText(Buffer.from(raw));
        let at = 0;
        for (const { start, end } of tokenize(text)) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        expect(at).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it.each([
    ["'not closed", [['unclosed', "'not closed"]]],
    ['/* not closed', []],
    [
      'a/*b*/c',
      [
        ['word', 'a'],
        ['word', 'c'],
      ],
    ],
    ['a--b', [['word', 'a']]],
    [
      'a//b\nc',
      [
        ['word', 'a'],
        ['word', 'c'],
      ],
    ],
    [
      '#b',
      [
        ['symbol', '#'],
        ['word', 'b'],
      ],
    ],
    [
      '$1 + $',
      [
        ['word', '$1'],
        ['symbol', '+'],
        ['word', '$'],
      ],
    ],
    [
      'a\u00a0b',
      [
        ['word', 'a'],
        ['word', 'b'],
      ],
    ],
    [
      "x'41'",
      [
        ['word', 'x'],
        ['string', "'41'"],
      ],
    ],
  ])('%s', (text, expected) => {
    expect(tokensOf(text)).toEqual(expected);
  });
});

it('looks for the ends of heredocs in one pass', () => {
  const marks = Array.from({ length: 100_000 }, (_, i) => `$m${i}$ `).join('');
  const startedMs = performance.now();
  expect([...tokenize(marks)]).toHaveLength(100_000);
  // 0.1 s; a search to the end for each takes half a minute
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
