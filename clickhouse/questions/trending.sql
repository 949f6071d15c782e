-- title: Trending: {by} of the last {window} against the {window} before
-- summary: what is rated more often now than a moment ago, by more than chance explains
-- source: stream
-- definition: n ratings of N in this window, n_before of N_before in the one before, by Kafka's time. growth is the ratio of the
--   two shares, (n / N) / (n_before / N_before), so that more load on the whole makes nothing trend. A row is shown when the
--   score interval of growth lies wholly on one side of 1: given n + n_before events, n is binomial with odds growth x N /
--   N_before, and the interval is Wilson's for that binomial turned back into a ratio (E. B. Wilson, JASA 22, 1927; as the
--   interval of a ratio of two Poisson rates: Graham, Mengersen and Morton, Statistics in Medicine 22, 2003). Rows are in
--   the order of the cautious end of the interval, growth_low upwards, 1 / growth_high downwards.
-- caveat: Films and companies are kept by hour, genres by minute: a window is whole buckets, at least one, and the bucket
--   that is still filling comes on top of this window. Shares make the unequal lengths comparable.
-- caveat: With min_z = 3 about one row in 750 without any trend would still be shown in each direction; a lower one shows more.
-- caveat: Without ratings in the window before there is nothing to compare with, and no row.
-- caveat: Ratings of one film are counted in each of its genres and companies. Ratings are events: a person who rates a
--   film twice counts twice in n, once in users.
-- parameter by choice = movie (movie|genre|company): what may trend
-- parameter window duration = 1h (1m..3650d): length of each of the two windows
-- parameter as_of time = now: end of this window, at the end of its bucket
-- parameter direction choice = up (up|down|both): what became more frequent, or less
-- parameter min_n integer = 10 (1..1000000000): fewest ratings, in this window upwards, in the one before downwards
-- parameter min_z number = 3 (1..10): fewest standard errors between growth and 1; as wide is the interval
-- parameter top integer = 20 (1..1000000): how many rows
-- column name: of the film, genre or company
-- column n [ratings]: in this window
-- column n_before [ratings]: in the window before
-- column growth [times]: ratio of the two shares, empty without ratings before
-- column growth_low [times]: lower end of its interval
-- column growth_high [times]: upper end, empty without ratings before
-- column users [users]: who rated in this window
-- column average [0 to 5]: mean rating in this window
-- column average_before [0 to 5]: mean rating in the window before
-- column id [id]: MovieLens id of a film, TMDB id of a genre or company
-- total all_n [ratings]: N, all ratings of this window
-- total all_n_before [ratings]: N_before
-- total this_from [time]: start of this window
-- total before_from [time]: start of the window before
-- coverage: {all_n} ratings since {this_from}, {all_n_before} between {before_from} and then
-- chart: bars of growth_low by name
WITH
    if({by:String} = 'genre', 60, 3600) AS bucket_s,
    greatest(1, intDiv({window:UInt32} + bucket_s - 1, bucket_s)) * bucket_s AS window_s,
    intDiv(toUnixTimestamp({as_of:DateTime('UTC')}), bucket_s) * bucket_s AS last_bucket,
    toDateTime(last_bucket - window_s, 'UTC') AS this_start,
    toDateTime(last_bucket - 2 * window_s, 'UTC') AS before_start,
    {min_z:Float64} * {min_z:Float64} AS z2,
    counted AS
    (
        SELECT
            id,
            sumIf(a.n, bucket >= this_start) AS n,
            sumIf(a.n, bucket < this_start) AS n_before,
            sumIf(a.n / share, bucket >= this_start) AS credit,
            sumIf(a.n / share, bucket < this_start) AS credit_before,
            sumIf(a.half_stars, bucket >= this_start) / n / 2 AS average,
            sumIf(a.half_stars, bucket < this_start) / n_before / 2 AS average_before,
            -- all genres of a film together are one rating
            toUInt64(round(sum(credit) OVER ())) AS total,
            toUInt64(round(sum(credit_before) OVER ())) AS total_before
        FROM agg_ratings_live AS a
        WHERE dimension = {by:String} AND bucket BETWEEN before_start AND toDateTime(last_bucket, 'UTC')
        GROUP BY id
    ),
    -- Wilson's bounds of n / (n + n_before), times (n + n_before + z2)
    n + n_before AS both,
    {min_z:Float64} * sqrt(n * n_before / both + z2 / 4) AS reach,
    n + z2 / 2 - reach AS low,
    n + z2 / 2 + reach AS high,
    shown AS
    (
        SELECT
            id,
            multiIf(
                {by:String} = 'genre', dictGetOrDefault('genre_names', 'name', toUInt64(id), '(unknown)'),
                {by:String} = 'company', dictGetOrDefault('company_names', 'name', toUInt64(id), '(unknown)'),
                dictGetOrDefault('movie_titles', 'title', toUInt64(id), '(unknown)')) AS name,
            n,
            n_before,
            average,
            average_before,
            total,
            total_before,
            both,
            low / (both + z2 - low) * total_before / total AS growth_low,
            if(n_before = 0, NULL, high / (both + z2 - high) * total_before / total) AS growth_high,
            greatest(growth_low, 1 / ifNull(growth_high, inf)) AS certainty
        FROM counted
        WHERE total > 0 AND total_before > 0
          AND (
              ({direction:String} IN ('up', 'both') AND n >= {min_n:UInt64} AND growth_low > 1)
              OR ({direction:String} IN ('down', 'both') AND n_before >= {min_n:UInt64} AND growth_high < 1)
          )
        ORDER BY certainty DESC, both DESC, name, id
        LIMIT {top:UInt32}
    ),
    -- who rated is asked of the few that are shown
    raters AS
    (
        SELECT id, groupBitmapMerge(a.users) AS users
        FROM agg_ratings_live AS a
        WHERE dimension = {by:String} AND bucket BETWEEN this_start AND toDateTime(last_bucket, 'UTC')
          AND id IN (SELECT id FROM shown)
        GROUP BY id
    )
SELECT
    name,
    n,
    n_before,
    if(n_before = 0, NULL, n / n_before * total_before / total) AS growth,
    growth_low,
    growth_high,
    users,
    if(n = 0, NULL, average) AS average,
    if(n_before = 0, NULL, average_before) AS average_before,
    id,
    total AS all_n,
    total_before AS all_n_before,
    this_start AS this_from,
    before_start AS before_from
FROM shown
LEFT JOIN raters USING id
ORDER BY certainty DESC, both DESC, name, id
