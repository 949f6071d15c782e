-- title: Genres in the last {window}, {credit} credit
-- summary: how often and how well each genre is rated right now
-- source: stream
-- definition: Ratings by Kafka's time, by genre of the film as known when the rating came in. Full credit counts a rating whole
--   in each genre of its film; fractional credit gives each of k genres 1/k, so that its sum is the number of ratings.
-- caveat: Genres are kept by minute: the window is whole minutes, and the minute that is still filling comes on top.
-- caveat: Ratings are events: a person who rates a film twice counts twice in n, once in users. Users do not add up over genres.
-- caveat: Films without a genre stand under (unknown).
-- parameter window duration = 15m (1m..3650d): how far back
-- parameter as_of time = now: end of the window, at the end of its minute
-- parameter genre genre = all: only these genres
-- parameter min_n integer = 1 (1..1000000000): fewest ratings
-- parameter credit choice = full (full|fractional): which credit ranks
-- parameter top integer = 50 (1..1000000): how many rows
-- column genre: name
-- column n [ratings]: ratings of films of the genre
-- column average [0 to 5]: their mean
-- column users [users]: who rated
-- column n_fractional [ratings]: ratings shared among the film's genres
-- column average_fractional [0 to 5]: mean with the same weights
-- column genre_id [id]: TMDB id of the genre
-- total all_n [ratings]: all ratings of the window
-- total since [time]: start of the window
-- coverage: {all_n} ratings since {since}
-- chart: bars of n by genre
WITH
    intDiv(toUnixTimestamp({as_of:DateTime('UTC')}), 60) * 60 AS last_bucket,
    toDateTime(last_bucket - greatest(1, intDiv({window:UInt32} + 59, 60)) * 60, 'UTC') AS start,
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
        WHERE dimension = 'genre' AND bucket BETWEEN start AND toDateTime(last_bucket, 'UTC')
        GROUP BY id
    )
SELECT
    dictGetOrDefault('genre_names', 'name', toUInt64(id), '(unknown)') AS genre,
    n,
    stars / n / 2 AS average,
    users,
    credit AS n_fractional,
    credit_stars / credit / 2 AS average_fractional,
    id AS genre_id,
    (SELECT toUInt64(round(sum(credit))) FROM counted) AS all_n,
    start AS since
FROM counted
WHERE n >= {min_n:UInt64} AND (empty({genre:Array(UInt32)}) OR has({genre:Array(UInt32)}, id))
ORDER BY if({credit:String} = 'full', toFloat64(n), credit) DESC, genre, genre_id
LIMIT {top:UInt32}
