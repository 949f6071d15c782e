import { describe, expect, it } from 'vitest';
import { createDifferences } from '../../../producer/verify/differences.ts';
import { createLogImage, type LogImage } from '../../../producer/verify/log-image.ts';
import { ANY_OUTCOME, codeOf } from '../../../producer/verify/outcome.ts';

/** Partition 0, offsets 10 to 14: ok, a duplicate, nothing, a dead letter, somebody else's. */
function open() {
  const differences = createDifferences();
  const image = createLogImage(new Map([[0, { from: 10, to: 15 }]]), differences);
  image.record(0, 10, codeOf('ok'), 0xabc);
  image.record(0, 11, codeOf('duplicate'), 0xabc);
  image.record(0, 13, codeOf('bad_magic'), 7);
  image.record(0, 14, ANY_OUTCOME, 8);
  return { image, differences };
}

function asExpected(image: LogImage): void {
  image.row(0, 10, 'ok', 0xabc);
  image.row(0, 11, 'duplicate', 0xabc);
  image.row(0, 13, 'bad_magic', 7);
  image.row(0, 14, 'domain', 8);
  image.letter(0, 13, 'bad_magic');
}

function check(body: (image: LogImage) => void) {
  const { image, differences } = open();
  body(image);
  const counts = image.finish();
  const found = differences
    .examples()
    .map(({ kind, offset, expected, found }) => ({ kind, offset, expected, found }));
  return { counts, found };
}

describe('log image', () => {
  it('agrees with tables and letters that say what it says', () => {
    const { counts, found } = check((image) => {
      asExpected(image);
      // again: a letter may come twice, and others may be about other places
      image.letter(0, 13, 'bad_magic');
      image.letter(0, 14, 'domain');
      image.letter(0, 9, 'decode');
      image.letter(0, 15, 'decode');
      image.letter(3, 10, 'decode');
    });
    expect(found).toEqual([]);
    expect(counts).toEqual([
      { outcome: 'ok', expected: 1, rows: 1, letters: 0 },
      { outcome: 'bad_magic', expected: 1, rows: 1, letters: 1 },
      { outcome: 'duplicate', expected: 1, rows: 1, letters: 0 },
    ]);
  });

  it.each<[string, (image: LogImage) => void, object]>([
    ['a row too many', (image) => image.row(0, 12, 'ok', 0), { kind: 'row_extra', offset: 12, found: 'ok' }],
    ['a row twice', (image) => image.row(0, 10, 'ok', 0xabc), { kind: 'row_twice', offset: 10 }],
    [
      'a letter too many',
      (image) => image.letter(0, 10, 'domain'),
      { kind: 'letter_extra', offset: 10, expected: 'ok' },
    ],
    [
      'a letter about nothing',
      (image) => image.letter(0, 12, 'domain'),
      { kind: 'letter_extra', expected: 'no record' },
    ],
  ])('sees %s', (_, change, expected) => {
    const { found } = check((image) => {
      asExpected(image);
      change(image);
    });
    expect(found).toMatchObject([expected]);
  });

  it('sees what is missing, and what is otherwise', () => {
    const { found, counts } = check((image) => {
      image.row(0, 11, 'ok', 0xabc);
      image.row(0, 13, 'bad_magic', 9);
      image.letter(0, 13, 'decode');
    });
    expect(found).toMatchObject([
      { kind: 'row_missing', offset: 10, expected: 'ok' },
      { kind: 'row_missing', offset: 14, expected: 'any verdict' },
      { kind: 'row_bytes', offset: 13 },
      { kind: 'verdict', offset: 11, expected: 'duplicate', found: 'ok' },
      { kind: 'letter_extra', offset: 13, expected: 'bad_magic', found: 'decode' },
    ]);
    expect(counts).toContainEqual({ outcome: 'ok', expected: 1, rows: 1, letters: 0 });
    const { found: without } = check((image) => image.row(0, 13, 'bad_magic', 7));
    expect(without).toContainEqual(expect.objectContaining({ kind: 'letter_missing', offset: 13 }));
  });

  it('compares ten bits of the bytes, whatever the sign of the hash', () => {
    const { found } = check((image) => {
      asExpected(image);
    });
    expect(found).toEqual([]);
    const differences = createDifferences();
    const image = createLogImage(new Map([[0, { from: 0, to: 2 }]]), differences);
    image.record(0, 0, codeOf('ok'), -1);
    image.record(0, 1, codeOf('ok'), 0xffff_ffff);
    image.row(0, 0, 'ok', 0xffff_ffff);
    image.row(0, 1, 'ok', 0xffff_fffe);
    image.finish();
    expect(differences.examples()).toMatchObject([{ kind: 'row_bytes', offset: 1 }]);
  });
});
