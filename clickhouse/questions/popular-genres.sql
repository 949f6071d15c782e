-- title: Most popular genres with users, by {by}
-- summary: reach, volume and satisfaction of genres, from the stream's ratings
-- source: stream
-- definition: Reach: distinct users who rated a film of the genre. Volume: rating events, full (whole for each of the film's genres)
--   and fractional (1/k for each of k). Satisfaction: Bayesian mean (sum + m C) / (n + m) of the genre's ratings with
--   the mean C of all ratings of the span. Days are days of event time: when people rated.
-- caveat: Events are counted as they came: who rates a film again counts twice in volume, once in reach.
-- caveat: genres = any takes genres as known at ingest (MovieLens words where TMDB knows nothing); genres = tmdb takes TMDB's alone,
--   by the catalogue of today: what it does not know, or knows without a genre, stands under (unknown).
-- caveat: Reach does not add up over genres, nor does full volume.
-- parameter by choice = volume (volume|reach|satisfaction): what ranks
-- parameter genres choice = any (any|tmdb): whose genres
-- parameter from date = 1995-01-01 (1970-01-01..2149-06-06): first day of rating
-- parameter to date = 2149-06-06 (1970-01-01..2149-06-06): last day of rating
-- parameter genre genre = all: only these genres
-- parameter m number = 25 (0..1000000000): ratings that the mean C weighs
-- parameter min_n integer = 1 (1..1000000000): fewest ratings
-- parameter top integer = 30 (1..1000000): how many genres
-- column genre: name
-- column reach [users]: distinct users
-- column volume [ratings]: rating events, full credit
-- column volume_fractional [ratings]: the same, shared among the film's genres
-- column satisfaction [0.5 to 5]: Bayesian mean
-- column average [0.5 to 5]: plain mean
-- column reach_share [%]: of all users of the span
-- column n [ratings]: ratings behind satisfaction, equal to volume
-- column genre_id [id]: TMDB id, from 60000 on a MovieLens word without one
-- total all_ratings [ratings]: rating events of the span, each once
-- total all_known [ratings]: of these of films with a genre
-- total all_users [users]: distinct users of the span
-- total prior_mean [0.5 to 5]: C
-- coverage: a genre is known for {all_known} of {all_ratings} ratings by {all_users} users
-- chart: bars of {by} by genre
WITH
    -- whole years come from the table by year, what the span takes of others from the one by day, which ends at 2149-06-06
    toDayOfYear({from:Date}) != 1 AS starts_inside,
    {to:Date} < toDate('2149-06-06') AND (toMonth({to:Date}), toDayOfMonth({to:Date})) != (12, 31) AS ends_inside,
    toYear({from:Date}) + starts_inside AS first_year,
    toYear({to:Date}) - ends_inside AS last_year,
    -- of the two ways to know a film's genres the other one reads nothing
    if({genres:String} = 'any', 'genre', 'movie') AS counted_by,
    rated AS
    (
        SELECT id, share AS k, y.n AS ratings, y.half_stars AS half_stars, y.users AS users
        FROM agg_ratings_year AS y
        WHERE dimension = counted_by AND bucket BETWEEN first_year AND last_year
        UNION ALL
        SELECT id, share AS k, d.n AS ratings, d.half_stars AS half_stars, d.users AS users
        FROM agg_ratings_day AS d
        WHERE (starts_inside OR ends_inside) AND dimension = counted_by AND bucket BETWEEN {from:Date} AND {to:Date}
          AND toYear(bucket) NOT BETWEEN first_year AND last_year
    ),
    film_genres AS
    (
        SELECT movie_id, if(genres_from = 'tmdb', genre_ids, [0]) AS ids
        FROM movies
        WHERE movie_id > 0 AND {genres:String} = 'tmdb'
    ),
    counted AS
    (
        SELECT id, k, sum(r.ratings) AS ratings, sum(r.half_stars) AS half_stars
        FROM rated AS r
        WHERE {genres:String} = 'any'
        GROUP BY id, k
        UNION ALL
        SELECT arrayJoin(ids) AS id, length(ids) AS k, ratings, half_stars
        FROM
        (
            -- a film that today's catalogue does not hold has no genre
            SELECT if(empty(film_genres.ids), [0], film_genres.ids) AS ids, film.ratings, film.half_stars
            FROM
            (
                SELECT id AS movie_id, sum(r.ratings) AS ratings, sum(r.half_stars) AS half_stars
                FROM rated AS r
                WHERE {genres:String} = 'tmdb'
                GROUP BY id
            ) AS film
            LEFT JOIN film_genres ON film_genres.movie_id = film.movie_id
        )
    ),
    -- persons are merged by genre alone, in a scan of their own: by genre and share it takes three times as long
    reached AS
    (
        SELECT id, groupBitmapMergeState(r.users) AS people
        FROM rated AS r
        WHERE {genres:String} = 'any'
        GROUP BY id
        UNION ALL
        SELECT id, groupBitmapMergeState(users) AS people
        FROM
        (
            SELECT if(empty(film_genres.ids), [0], film_genres.ids) AS ids, film.users
            FROM
            (
                SELECT id AS movie_id, groupBitmapMergeState(r.users) AS users
                FROM rated AS r
                WHERE {genres:String} = 'tmdb'
                GROUP BY id
            ) AS film
            LEFT JOIN film_genres ON film_genres.movie_id = film.movie_id
        )
        ARRAY JOIN ids AS id
        GROUP BY id
    )
SELECT
    dictGetOrDefault('genre_names', 'name', toUInt64(row.1), '(unknown)') AS genre,
    bitmapCardinality(row.5) AS reach,
    row.2 AS volume,
    row.3 AS volume_fractional,
    (row.4 / 2 + {m:Float64} * prior_mean) / (volume + {m:Float64}) AS satisfaction,
    row.4 / volume / 2 AS average,
    100 * reach / all_users AS reach_share,
    volume AS n,
    row.1 AS genre_id,
    toUInt64(round(once)) AS all_ratings,
    all_ratings - arraySum(arrayMap(one -> if(one.1 = 0, one.2, 0), rows)) AS all_known,
    all_users,
    prior_mean
FROM
(
    SELECT
        groupArray((id, volume, volume_fractional, stars, people)) AS rows,
        groupBitmapMerge(people) AS all_users,
        -- each rating stands k times with 1/k each
        sum(volume_fractional) AS once,
        sum(stars_fractional) / once / 2 AS prior_mean
    FROM
    (
        SELECT
            id,
            sum(ratings) AS volume,
            sum(ratings / k) AS volume_fractional,
            sum(half_stars) AS stars,
            sum(half_stars / k) AS stars_fractional
        FROM counted
        GROUP BY id
    ) AS sums
    INNER JOIN reached USING id
)
ARRAY JOIN rows AS row
WHERE (empty({genre:Array(UInt32)}) OR has({genre:Array(UInt32)}, row.1))
  AND volume >= {min_n:UInt32}
ORDER BY
    multiIf({by:String} = 'reach', toFloat64(reach), {by:String} = 'volume', toFloat64(volume), satisfaction) DESC,
    volume DESC,
    genre,
    genre_id
LIMIT {top:UInt32}
