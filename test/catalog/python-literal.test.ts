import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PythonValue, parsePythonLiteral } from '../../catalog/python-literal.ts';

const read = (text: string): PythonValue => {
  const outcome = parsePythonLiteral(text);
  if (!outcome.ok) throw new Error(`${outcome.problem} at ${outcome.position}`);
  return outcome.value;
};

/** What Python's repr writes: the quote kind that needs fewer escapes, as Python chooses it. */
function repr(value: PythonValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return reprText(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${reprText(key)}: ${repr(item)}`)
    .join(', ')}}`;
}

function reprText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = [...text].map((character) => {
    const code = character.codePointAt(0)!;
    if (character === '\\' || character === quote) return `\\${character}`;
    if (character === '\n') return '\\n';
    if (code < 32 || code === 127) return `\\x${code.toString(16).padStart(2, '0')}`;
    if (code >= 0xd800 && code <= 0xdfff) return `\\u${code.toString(16)}`;
    return character;
  });
  return quote + body.join('') + quote;
}

describe('parsePythonLiteral', () => {
  it('reads a list of entries as the metadata files write them', () => {
    expect(read(`[{'iso_639_1': 'en', 'name': "Director's \\"Cut\\""}, {'id': 3, 'x': None}]`)).toEqual([
      { iso_639_1: 'en', name: 'Director\'s "Cut"' },
      { id: 3, x: null },
    ]);
  });

  it.each([
    ['True', true],
    ["'\\xe9\\u00e9\\U0001f3ac'", 'éé🎬'],
    ["'\\101\\n\\q'", 'A\n\\q'],
    ['-1.5e3', -1500],
    ['(1, )', [1]],
    ["{'a': {}}", { a: {} }],
    ['  [ ]  ', []],
  ])('reads %s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    ["[{'id': 1}", 10],
    ['nan', 0],
    ["['a' 'b']", 5],
    ["'never closed", 13],
    ["'\\xZZ'", 3],
    ['[1] x', 4],
    ['', 0],
    ['{[1]: 2}', 4],
  ])('refuses %s and says where', (text, position) => {
    expect(parsePythonLiteral(text)).toMatchObject({ ok: false, position });
  });

  it('refuses nesting that would exhaust the stack', () => {
    expect(parsePythonLiteral('['.repeat(100_000))).toMatchObject({ ok: false, problem: 'nested too deep' });
  });

  it('keeps a key named __proto__ an ordinary key', () => {
    expect(Object.keys(read("{'__proto__': 1}") as object)).toEqual(['__proto__']);
  });

  it('reads back whatever repr wrote', () => {
    const { value } = fc.letrec<{ value: PythonValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, false),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
        fc.string({ unit: 'binary' }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, (original) => {
        expect(read(repr(original))).toEqual(original);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]{}()\'",:\\ \nNTFx1e.-u') }), (text) => {
        expect(typeof parsePythonLiteral(text).ok).toBe('boolean');
      }),
      { numRuns: 2_000 },
    );
  });
});
