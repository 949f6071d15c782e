-- title: Ratings of film {movie_id}
-- summary: how one film was rated: the spread over the half stars, by how many, and lately
-- source: stream
-- definition: All ratings of the film by the stream, one row for each half star from 0 to 5. The last day is that of Kafka's time
--   up to as_of, in whole hours with the one that is still filling.
-- caveat: Ratings are events: a person who rates the film twice counts twice in n, once in users.
-- caveat: A film of the catalogue that nobody rated has rows of 0 and no average; one that neither knows has no rows.
-- parameter movie_id id: MovieLens id of the film
-- parameter as_of time = now: end of the last day
-- column stars [0 to 5]: the rating
-- column n [ratings]: how many gave it
-- column share [of 1]: n of all ratings of the film
-- total title: of the film
-- total year: year of release, 0 = not known
-- total genres: names, by the newest catalogue
-- total companies: names, by the newest catalogue
-- total all_n [ratings]: all ratings of the film
-- total average [0 to 5]: their mean, empty without any
-- total users [users]: who rated
-- total last_day_n [ratings]: in the last 24 hours
-- total last_day_average [0 to 5]: their mean, empty without any
-- total first_rated: day of the first rating, by its own time, empty without any
-- total last_rated: day of the last
-- total film_id [id]: MovieLens id of the film
-- coverage: {title} ({year}): {all_n} ratings by {users} users, mean {average}; {last_day_n} in the last day
-- chart: columns of n by stars
WITH
    {movie_id:UInt32} AS wanted,
    ever AS
    (
        SELECT
            sum(a.n) AS n,
            sum(a.half_stars) AS half_stars,
            [sum(h0), sum(h1), sum(h2), sum(h3), sum(h4), sum(h5), sum(h6), sum(h7), sum(h8), sum(h9), sum(h10)] AS histogram,
            groupBitmapMerge(a.users) AS users,
            min(bucket) AS first_day,
            max(bucket) AS last_day
        FROM agg_ratings_day AS a
        WHERE dimension = 'movie' AND id = wanted
    ),
    lately AS
    (
        SELECT sum(a.n) AS n, sum(a.half_stars) AS half_stars
        FROM agg_ratings_live AS a
        WHERE dimension = 'movie' AND id = wanted
          AND bucket BETWEEN toStartOfHour({as_of:DateTime('UTC')} - INTERVAL 1 DAY) AND {as_of:DateTime('UTC')}
    ),
    film AS
    (
        SELECT count() AS known, groupUniqArrayArray(genre_ids) AS genre_ids, groupUniqArrayArray(company_ids) AS company_ids
        FROM movies
        WHERE movie_id = wanted
    )
SELECT
    (nth - 1) / 2 AS stars,
    count_of AS n,
    if(ever.n = 0, 0, count_of / ever.n) AS share,
    dictGetOrDefault('movie_titles', 'title', toUInt64(wanted), '(unknown)') AS title,
    dictGetOrDefault('movie_titles', 'release_year', toUInt64(wanted), toUInt16(0)) AS year,
    arrayStringConcat(arraySort(arrayMap(id -> dictGetOrDefault('genre_names', 'name', toUInt64(id), '(unknown)'),
        genre_ids)), ', ') AS genres,
    arrayStringConcat(arraySort(arrayMap(id -> dictGetOrDefault('company_names', 'name', toUInt64(id), '(unknown)'),
        company_ids)), ', ') AS companies,
    ever.n AS all_n,
    if(ever.n = 0, NULL, ever.half_stars / ever.n / 2) AS average,
    ever.users AS users,
    lately.n AS last_day_n,
    if(lately.n = 0, NULL, lately.half_stars / lately.n / 2) AS last_day_average,
    if(ever.n = 0, NULL, first_day) AS first_rated,
    if(ever.n = 0, NULL, last_day) AS last_rated,
    wanted AS film_id
FROM ever
CROSS JOIN lately
CROSS JOIN film
ARRAY JOIN histogram AS count_of, arrayEnumerate(histogram) AS nth
WHERE ever.n > 0 OR film.known > 0
ORDER BY stars DESC
