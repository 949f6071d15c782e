/** Many discrete distributions over the same number of outcomes, drawn from in constant time. */
export interface AliasRows {
  readonly width: number;
  /** @param unit uniform in [0, 1); outcome `i` of the row comes with the probability its weight has */
  pick(row: number, unit: number): number;
}

/**
 * Walker's alias method, built as Vose did (1991): each row becomes `width` columns of equal probability, each shared by
 * at most two outcomes, so that one uniform number picks column and outcome.
 * @param weights row after row, at least 0
 * @throws RangeError for a row without weight, a negative or an infinite one
 */
export function createAliasRows(weights: Float64Array, width: number): AliasRows {
  const keep = new Float64Array(weights.length);
  const other = new Int32Array(weights.length);
  const workspace = new Int32Array(width);
  for (let from = 0; from < weights.length; from += width) {
    const end = from + width;
    splitColumns(weights.subarray(from, end), keep.subarray(from, end), other.subarray(from, end), workspace);
  }
  return {
    width,
    pick(row, unit) {
      const scaled = unit * width;
      const column = Math.floor(scaled);
      const at = row * width + column;
      return scaled - column < keep[at]! ? column : other[at]!;
    },
  };
}

/** The poor (below the average) wait at the front of `workspace`, the rich at its back. */
function splitColumns(
  weights: Float64Array,
  keep: Float64Array,
  other: Int32Array,
  workspace: Int32Array,
): void {
  const width = weights.length;
  const scale = width / checkedSum(weights);
  let poor = 0;
  let rich = width;
  const fill = (column: number): void => {
    keep[column] = 0;
    other[column] = column;
  };
  for (let i = 0; i < width; i++) {
    keep[i] = weights[i]! * scale;
    if (keep[i]! < 1) workspace[poor++] = i;
    else workspace[--rich] = i;
  }
  while (poor > 0 && rich < width) {
    const taker = workspace[--poor]!;
    const giver = workspace[rich]!;
    other[taker] = giver;
    keep[giver] = keep[giver]! - (1 - keep[taker]!);
    if (keep[giver]! >= 1) continue;
    rich += 1;
    workspace[poor++] = giver;
  }
  // what is left has a column to itself, but for rounding
  while (rich < width) fill(workspace[rich++]!);
  while (poor > 0) fill(workspace[--poor]!);
}

function checkedSum(weights: Float64Array): number {
  let sum = 0;
  for (const weight of weights) {
    if (!(weight >= 0)) throw new RangeError(`${weight} is no weight`);
    sum += weight;
  }
  if (!(sum > 0 && Number.isFinite(sum))) throw new RangeError(`weights add up to ${sum}`);
  return sum;
}
