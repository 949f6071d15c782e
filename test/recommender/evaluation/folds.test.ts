import { describe, expect, it } from 'vitest';
import { fnv1a32, hashFolds } from '../../../recommender/evaluation/folds.ts';
import { sampleRatings } from './sample.ts';

describe('folds hash3', () => {
  it.each([
    ['1:1', 0x6424c559],
    ['1:3', 0x6224c233],
    ['1:6', 0x6524c6ec],
    ['610:170875', 0x54ba703a],
  ])('hash %s as any other program does', (text, hash) => {
    expect(fnv1a32(text)).toBe(hash);
  });

  it('part the sample as published', () => {
    const folds = hashFolds(sampleRatings());
    expect([0, 1, 2].map((fold) => folds.filter((own) => own === fold).length)).toEqual([
      33_688, 33_623, 33_525,
    ]);
    expect(fnv1a32(folds.join(''))).toBe(0x04c5b968);
  });
});
