-- title: Companies in the last {window}, {credit} credit
-- summary: how often and how well each company is rated right now
-- source: stream
-- definition: Ratings by Kafka's time, by company of the film as known when the rating came in. Full credit counts a rating whole
--   in each company of its film; fractional credit gives each of k companies 1/k, so that its sum is the number of ratings.
-- caveat: Companies are kept by hour: the window is whole hours, and the hour that is still filling comes on top.
-- caveat: Ratings are events: a person who rates a film twice counts twice in n, once in users. Users do not add up over companies.
-- caveat: Films without a company stand under (unknown).
-- parameter window duration = 1h (1m..3650d): how far back
-- parameter as_of time = now: end of the window, at the end of its hour
-- parameter company company = all: only these companies
-- parameter min_n integer = 1 (1..1000000000): fewest ratings
-- parameter credit choice = full (full|fractional): which credit ranks
-- parameter top integer = 20 (1..1000000): how many rows
-- column company: name
-- column n [ratings]: ratings of films of the company
-- column average [0 to 5]: their mean
-- column users [users]: who rated
-- column n_fractional [ratings]: ratings shared among the film's companies
-- column average_fractional [0 to 5]: mean with the same weights
-- column company_id [id]: TMDB id of the company
-- total all_n [ratings]: all ratings of the window
-- total since [time]: start of the window
-- coverage: {all_n} ratings since {since}
-- chart: bars of n by company
WITH
    intDiv(toUnixTimestamp({as_of:DateTime('UTC')}), 3600) * 3600 AS last_bucket,
    toDateTime(last_bucket - greatest(1, intDiv({window:UInt32} + 3599, 3600)) * 3600, 'UTC') AS start,
    counted AS
    (
        SELECT
            id,
            sum(a.n) AS n,
            sum(a.half_stars) AS stars,
            sum(a.n / share) AS credit,
            sum(a.half_stars / share) AS credit_stars,
            groupBitmapMerge(a.users) AS users
        FROM agg_ratings_live AS a
        WHERE dimension = 'company' AND bucket BETWEEN start AND toDateTime(last_bucket, 'UTC')
        GROUP BY id
    )
SELECT
    dictGetOrDefault('company_names', 'name', toUInt64(id), '(unknown)') AS company,
    n,
    stars / n / 2 AS average,
    users,
    credit AS n_fractional,
    credit_stars / credit / 2 AS average_fractional,
    id AS company_id,
    (SELECT toUInt64(round(sum(credit))) FROM counted) AS all_n,
    start AS since
FROM counted
WHERE n >= {min_n:UInt64} AND (empty({company:Array(UInt32)}) OR has({company:Array(UInt32)}, id))
ORDER BY if({credit:String} = 'full', toFloat64(n), credit) DESC, company, company_id
LIMIT {top:UInt32}
