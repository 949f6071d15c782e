import { describe, expect, it } from 'vitest';
import { parseRoute, routeText } from '../../console/page/route.ts';
import { compareLists } from '../../console/recommend/list-change.ts';

describe('addresses within the console', () => {
  it.each([
    ['', 'dashboard', 'reelstream-overview'],
    ['#/dashboard', 'dashboard', 'reelstream-overview'],
    ['#/dashboard/reelstream-kafka?from=now-6h', 'dashboard', 'reelstream-kafka'],
    ['#/alerts/PipelineStalled', 'alerts', 'PipelineStalled'],
    ['#/questions', 'questions', ''],
    ['#/questions/%E0%A4%A', 'questions', ''],
    ['#/elsewhere', 'dashboard', 'reelstream-overview'],
  ])('%s', (hash, page, name) => {
    expect(parseRoute(hash)).toMatchObject({ page, name });
  });

  it('come back as they were written', () => {
    const text = '#/dashboard/reelstream-kafka?from=now-6h&var-topic=a&var-topic=b';
    expect(routeText(parseRoute(text))).toBe(text);
  });
});

describe('how a list changed', () => {
  it('names what is new, what moved and what left', () => {
    const change = compareLists([1, 2, 3], [2, 1, 9]);
    expect(change.moves).toEqual(
      new Map([
        [2, 1],
        [1, -1],
        [9, null],
      ]),
    );
    expect(change.words).toBe('The list changed: 1 film is new, 2 moved, 1 left.');
    expect(compareLists([1], [1]).words).toBe('The list stayed as it was.');
  });
});
