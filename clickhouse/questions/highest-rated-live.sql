-- title: Highest rated films by the stream's ratings
-- summary: films by their mean rating on the stream, drawn towards the mean of all while ratings are few
-- source: stream
-- definition: WR = v / (v + m) R + m / (v + m) C with v ratings of mean R, by day of the event. C is the mean of all ratings
--   of the days, whatever the other filters; m is how many ratings C weighs.
-- caveat: Ratings are events: a person who rates a film twice counts twice in n, once in users.
-- caveat: A plain mean puts films with a single rating on top; plain_rank is the place by it, among films with as many as min_n.
-- caveat: highest-rated asks the same of TMDB's votes of 2017; the two answers are of different people and times.
-- parameter from date = 1995-01-01 (1970-01-01..2149-06-06): first day
-- parameter to date = 2149-06-06 (1970-01-01..2149-06-06): last day
-- parameter genre genre = all: only films of one of these genres
-- parameter company company = all: only films of one of these companies
-- parameter m number = 25 (0..1000000000): ratings that the mean C weighs
-- parameter min_n integer = 50 (1..1000000000): fewest ratings
-- parameter top integer = 20 (1..1000000): how many films
-- column title: of the film
-- column year: year of release, 0 = not known
-- column weighted_rating [0 to 5]: WR
-- column average [0 to 5]: R
-- column n [ratings]: v
-- column users [users]: who rated
-- column plain_rank [rank]: place by the plain mean among the films that pass the filters
-- column movie_id [id]: MovieLens id
-- total all_n [ratings]: all ratings of the days
-- total all_films [films]: films with a rating that pass the filters
-- total prior_mean [0 to 5]: C
-- total prior_n [ratings]: m
-- coverage: {all_n} ratings; C = {prior_mean}, m = {prior_n}
-- chart: bars of weighted_rating by title, year
WITH
    -- whole years come from the table by year, what the span takes of others from the one by day, which ends at 2149-06-06
    toDayOfYear({from:Date}) != 1 AS starts_inside,
    {to:Date} < toDate('2149-06-06') AND (toMonth({to:Date}), toDayOfMonth({to:Date})) != (12, 31) AS ends_inside,
    toYear({from:Date}) + starts_inside AS first_year,
    toYear({to:Date}) - ends_inside AS last_year,
    rated AS
    (
        -- both totals are of all films of the days, whatever the other filters
        SELECT id, sum(ratings) AS n, sum(half_stars) AS stars, sum(n) OVER () AS all_n, sum(stars) OVER () / all_n / 2 AS c
        FROM
        (
            SELECT id, y.n AS ratings, y.half_stars AS half_stars
            FROM agg_ratings_year AS y
            WHERE dimension = 'movie' AND bucket BETWEEN first_year AND last_year
            UNION ALL
            SELECT id, d.n AS ratings, d.half_stars AS half_stars
            FROM agg_ratings_day AS d
            WHERE (starts_inside OR ends_inside) AND dimension = 'movie' AND bucket BETWEEN {from:Date} AND {to:Date}
              AND toYear(bucket) NOT BETWEEN first_year AND last_year
        )
        GROUP BY id
    ),
    chosen AS
    (
        SELECT id, n, stars, all_n, c, count() OVER () AS all_films
        FROM rated
        WHERE (empty({genre:Array(UInt32)}) AND empty({company:Array(UInt32)}))
           OR id IN
           (
               SELECT movie_id FROM movies
               WHERE (empty({genre:Array(UInt32)}) OR hasAny(genre_ids, {genre:Array(UInt32)}))
                 AND (empty({company:Array(UInt32)}) OR hasAny(company_ids, {company:Array(UInt32)}))
           )
    ),
    best AS
    (
        SELECT
            id,
            n,
            all_n,
            all_films,
            c,
            stars / n / 2 AS average,
            (stars / 2 + {m:Float64} * c) / (n + {m:Float64}) AS weighted_rating,
            rank() OVER (ORDER BY average DESC) AS plain_rank
        FROM chosen
        WHERE n >= {min_n:UInt64}
        ORDER BY weighted_rating DESC, n DESC, id
        LIMIT {top:UInt32}
    ),
    -- who rated is asked of the few that are shown
    raters AS
    (
        SELECT id, groupBitmapMerge(people) AS users
        FROM
        (
            SELECT id, y.users AS people
            FROM agg_ratings_year AS y
            WHERE dimension = 'movie' AND bucket BETWEEN first_year AND last_year
            UNION ALL
            SELECT id, d.users AS people
            FROM agg_ratings_day AS d
            WHERE (starts_inside OR ends_inside) AND dimension = 'movie'
              AND bucket BETWEEN {from:Date} AND {to:Date} AND toYear(bucket) NOT BETWEEN first_year AND last_year
        )
        WHERE id IN (SELECT id FROM best)
        GROUP BY id
    )
SELECT
    dictGetOrDefault('movie_titles', 'title', toUInt64(best.id), '(unknown)') AS title,
    dictGetOrDefault('movie_titles', 'release_year', toUInt64(best.id), toUInt16(0)) AS year,
    weighted_rating,
    average,
    n,
    users,
    plain_rank,
    best.id AS movie_id,
    all_n,
    all_films,
    c AS prior_mean,
    {m:Float64} AS prior_n
FROM best
LEFT JOIN raters ON raters.id = best.id
ORDER BY weighted_rating DESC, n DESC, movie_id
