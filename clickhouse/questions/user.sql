-- title: Opinions of user {user_id}
-- summary: what one person rated, newest first, against what everybody thinks
-- source: stream
-- definition: The person's current opinion about each film: the newest rating by Kafka's time, unless it was withdrawn, and
--   nothing from before a deletion. everybody is the mean of all ratings of the film, the person's own among them.
-- caveat: A rating that was replaced or withdrawn is not shown; everybody counts rating events and keeps it.
-- caveat: A person without an opinion that stands, or who was deleted, has no rows.
-- parameter user_id id: id of the person
-- parameter top integer = 20 (1..1000000): how many films
-- column title: of the film
-- column rating [0 to 5]: the opinion that stands
-- column everybody [0 to 5]: mean of all ratings of the film
-- column difference [stars]: rating - everybody
-- column rated_at [time]: when the person rated
-- column movie_id [id]: MovieLens id
-- total all_n [ratings]: films that the person has an opinion on
-- total average [0 to 5]: their mean
-- total watches [films]: films that the person watched
-- total gender: of the profile, empty when not told
-- total year_of_birth: of the profile, empty when not told
-- coverage: {all_n} ratings, mean {average}; {watches} films watched
-- chart: bars of rating by title
WITH
    mine AS
    (
        SELECT
            movie_id,
            facet,
            half_stars,
            ts,
            countIf(facet = 'rating') OVER () AS ratings,
            sumIf(half_stars, facet = 'rating') OVER () / ratings / 2 AS mean,
            countIf(facet = 'watch') OVER () AS watched
        FROM current_opinions
        WHERE user_id = {user_id:UInt32}
    ),
    shown AS
    (
        SELECT movie_id, half_stars / 2 AS rating, ts AS rated_at, ratings, mean, watched
        FROM mine
        WHERE facet = 'rating'
        ORDER BY rated_at DESC, movie_id
        LIMIT {top:UInt32}
    ),
    others AS
    (
        SELECT id, sum(a.half_stars) / sum(a.n) / 2 AS average
        FROM agg_ratings_year AS a
        WHERE dimension = 'movie' AND id IN (SELECT movie_id FROM shown)
        GROUP BY id
    ),
    profile AS
    (
        SELECT argMax(p.gender, p.kafka_offset) AS gender, argMax(p.year_of_birth, p.kafka_offset) AS year_of_birth,
            argMax(p.deleted, p.kafka_offset) AS deleted
        FROM user_profiles AS p
        WHERE user_id = {user_id:UInt32}
    )
SELECT
    dictGetOrDefault('movie_titles', 'title', toUInt64(movie_id), '(unknown)') AS title,
    rating,
    others.average AS everybody,
    rating - others.average AS difference,
    rated_at,
    movie_id,
    ratings AS all_n,
    mean AS average,
    watched AS watches,
    if(deleted, NULL, gender) AS gender,
    if(deleted, NULL, year_of_birth) AS year_of_birth
FROM shown
LEFT JOIN others ON others.id = shown.movie_id
CROSS JOIN profile
ORDER BY rated_at DESC, movie_id
