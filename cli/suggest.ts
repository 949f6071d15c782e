import { distance } from 'fastest-levenshtein';

const SHOWN = 3;

/** The known words nearest to what was written, best first: few typing errors, or written in part. */
export function nearest(given: string, known: readonly string[]): string[] {
  const wanted = given.toLowerCase();
  const allowed = Math.max(2, Math.ceil(wanted.length / 3));
  return known
    .map((word) => ({ word, score: score(wanted, word.toLowerCase()) }))
    .filter(({ score }) => score <= allowed)
    .sort((a, b) => a.score - b.score || (a.word < b.word ? -1 : 1))
    .slice(0, SHOWN)
    .map(({ word }) => word);
}

function score(wanted: string, word: string): number {
  const edits = distance(wanted, word);
  if (wanted.length < 3) return edits;
  // the longer of two that hold the word is the worse guess, yet better than any with an error
  if (word.includes(wanted)) return Math.min(edits, 1 + word.length / 1_000);
  const hasNearWord = wanted.length > 3 && word.split(' ').some((piece) => distance(wanted, piece) === 1);
  return hasNearWord ? Math.min(edits, 1.5 + word.length / 1_000) : edits;
}

/** `; did you mean trending?` or nothing. */
export function didYouMean(given: string, known: readonly string[]): string {
  const found = nearest(given, known);
  return found.length === 0 ? '' : `; did you mean ${found.join(' or ')}?`;
}
