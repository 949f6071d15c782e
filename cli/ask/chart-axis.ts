/** The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten, so that the axis ends at a tick. */
export function roundedUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value) ?? 10;
  return step * power;
}

const LABEL_HEIGHT = 17;

/** By how many pixels each name moves from its line's end so that none covers another: those below make way downwards. */
export function spreadLabels(values: readonly number[], max: number, plotHeight: number): number[] {
  const wanted = values.map((value) => plotHeight * (1 - value / max));
  const order = wanted.map((_, i) => i).toSorted((a, b) => wanted[a]! - wanted[b]!);
  const placed: number[] = [];
  let lowest = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    placed[i] = Math.max(wanted[i]!, lowest + LABEL_HEIGHT);
    lowest = placed[i];
  }
  // pushed beyond the axis: all of that group move up again
  let bound = plotHeight;
  for (const i of order.toReversed()) {
    placed[i] = Math.min(placed[i]!, bound);
    bound = placed[i] - LABEL_HEIGHT;
  }
  return wanted.map((y, i) => placed[i]! - y);
}
