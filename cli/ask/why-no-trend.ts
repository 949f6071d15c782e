import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { Values } from './bind.ts';

/** As `agg_ratings_live` keeps them. */
const BUCKET_S: Readonly<Record<string, number>> = { genre: 60, movie: 3_600, company: 3_600 };

interface Windows {
  readonly bucketS: number;
  readonly windowS: number;
  readonly beforeFromS: number;
  readonly thisFromS: number;
  readonly lastBucketS: number;
}

/** The two windows that `trending.sql` compares, in seconds since 1970. */
export function trendWindows(by: string, windowS: number, asOfS: number): Windows {
  const bucketS = BUCKET_S[by]!;
  const wholeS = Math.max(1, Math.ceil(windowS / bucketS)) * bucketS;
  const lastBucketS = Math.floor(asOfS / bucketS) * bucketS;
  return {
    bucketS,
    windowS: wholeS,
    beforeFromS: lastBucketS - 2 * wholeS,
    thisFromS: lastBucketS - wholeS,
    lastBucketS,
  };
}

/** When a stream whose first rating fell into the bucket `firstS` has something in the earlier window. */
export function answersFromS({ bucketS, windowS }: Windows, firstS: number): number {
  return firstS + windowS + bucketS;
}

/**
 * Why nothing trends while ratings do arrive: the window before had none, so there is nothing to compare with. Null when both
 * windows have ratings, or this one has none either: then thresholds or the stream are the reason.
 */
export async function explainNoTrend(
  clickhouse: ClickHouse,
  values: Values,
  limits: Readonly<Record<string, number>>,
): Promise<string | null> {
  const by = values.by!.shown;
  const asOfS = Date.parse(`${String(values.as_of!.value).replace(' ', 'T')}Z`) / 1_000;
  const windows = trendWindows(by, Number(values.window!.value), asOfS);
  const [row] = await clickhouse.query<{ before: number; first: number }>(
    `SELECT toUInt32(countIf(bucket < {this_from:DateTime('UTC')})) AS before, toUnixTimestamp(min(bucket)) AS first
     FROM agg_ratings_live WHERE dimension = {by:String}
       AND bucket BETWEEN {before_from:DateTime('UTC')} AND {last:DateTime('UTC')} HAVING count() > 0`,
    {
      params: {
        by,
        this_from: windows.thisFromS,
        before_from: windows.beforeFromS,
        last: windows.lastBucketS,
      },
      settings: limits,
    },
  );
  if (!row || row.before > 0) return null;
  return sayNoTrend(by, windows, row.first);
}

export function sayNoTrend(by: string, windows: Windows, firstS: number): string {
  const { bucketS, beforeFromS, thisFromS } = windows;
  const kept = bucketS === 60 ? 'minute' : 'hour';
  const sooner =
    bucketS === 60 ? 'a shorter --window answers' : '--by genre --window 5m, kept by the minute, answers';
  return (
    `what came since ${utc(thisFromS)} is compared with ${utc(beforeFromS)} to ${utc(thisFromS)}, and nothing came then: ` +
    `with ratings by the ${kept}, the first at ${utc(firstS)}, --by ${by} can answer from ${utc(answersFromS(windows, firstS))} on; ` +
    `${sooner} sooner (times in UTC)`
  );
}

function utc(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 16).replace('T', ' ');
}
