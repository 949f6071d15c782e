/** How the places of a list changed. */
export interface Change {
  /** by id: places won (positive) or lost; null = it was not there before */
  readonly moves: ReadonlyMap<number, number | null>;
  readonly left: number;
  /** one sentence */
  readonly words: string;
}

/** What became of a list, item by item. */
export function compareLists(before: readonly number[], after: readonly number[]): Change {
  const places = new Map(before.map((id, place) => [id, place]));
  const moves = new Map(
    after.map((id, place) => {
      const old = places.get(id);
      return [id, old === undefined ? null : old - place] as const;
    }),
  );
  const fresh = [...moves.values()].filter((move) => move === null).length;
  const moved = [...moves.values()].filter((move) => move !== null && move !== 0).length;
  const left = before.filter((id) => !moves.has(id)).length;
  return { moves, left, words: inWords(fresh, moved, left) };
}

function inWords(fresh: number, moved: number, left: number): string {
  const pieces = [
    fresh > 0 ? `${fresh} ${fresh === 1 ? 'film is' : 'films are'} new` : '',
    moved > 0 ? `${moved} moved` : '',
    left > 0 ? `${left} left` : '',
  ].filter((text) => text !== '');
  return pieces.length === 0 ? 'The list stayed as it was.' : `The list changed: ${pieces.join(', ')}.`;
}
