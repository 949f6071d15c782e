-- title: Highest rated films of all time, by TMDB votes
-- summary: films by their vote average, drawn towards the mean while votes are few
-- source: catalogue
-- definition: WR = v / (v + m) R + m / (v + m) C with v votes of average R. C is the vote-weighted mean over all films with
--   votes, m the 90th percentile of their number of votes (interpolated), unless m is given. C and m come from the whole
--   catalogue, whatever the filters.
-- caveat: Votes of TMDB's users up to the day of extraction (2017); the stream's ratings are another question.
-- caveat: A plain mean would put films with a single vote on top.
-- caveat: Films without votes have no average, and none is made up for them.
-- parameter from year = 0 (0..2200): first year of release
-- parameter to year = 2200 (0..2200): last year of release
-- parameter genre genre = all: only films of one of these genres
-- parameter company company = all: only films of one of these companies
-- parameter m number = 0 (0..1000000000): votes that the mean C weighs; 0 = the 90th percentile of votes
-- parameter min_n integer = 1 (1..1000000000): fewest votes
-- parameter top integer = 20 (1..1000000): how many films
-- column title: of the film
-- column year: year of release, 0 = not known
-- column weighted_rating [0 to 10]: WR
-- column average [0 to 10]: R, the mean of the votes
-- column n [votes]: v
-- column plain_rank [rank]: place by the plain mean among the films that pass the filters
-- column tmdb_id [id]: TMDB id of the film
-- column movie_id [id]: MovieLens id, 0 = not in MovieLens
-- total all_films [films]: films that pass the filters
-- total all_known [films]: of these with votes
-- total prior_mean [0 to 10]: C
-- total prior_votes [votes]: m
-- coverage: {all_known} of {all_films} films have votes; C = {prior_mean}, m = {prior_votes}
-- chart: bars of weighted_rating by title, year
WITH
    voted AS
    (
        SELECT title, release_year, vote_average, vote_count, tmdb_id, movie_id, genre_ids, company_ids
        FROM films
    ),
    prior AS
    (
        SELECT
            sum(vote_average * vote_count) / sumIf(vote_count, isNotNull(vote_average)) AS c,
            if({m:Float64} > 0, {m:Float64}, quantileExactInclusive(0.9)(vote_count)) AS m
        FROM voted
    ),
    chosen AS
    (
        SELECT *
        FROM voted
        WHERE release_year BETWEEN {from:UInt16} AND {to:UInt16}
          AND (empty({genre:Array(UInt32)}) OR hasAny(genre_ids, {genre:Array(UInt32)}))
          AND (empty({company:Array(UInt32)}) OR hasAny(company_ids, {company:Array(UInt32)}))
    )
SELECT
    title,
    release_year AS year,
    (vote_count * average + prior_votes * prior_mean) / (vote_count + prior_votes) AS weighted_rating,
    assumeNotNull(vote_average) AS average,
    vote_count AS n,
    rank() OVER (ORDER BY average DESC) AS plain_rank,
    tmdb_id,
    movie_id,
    (SELECT count() FROM chosen) AS all_films,
    (SELECT count(vote_average) FROM chosen) AS all_known,
    (SELECT assumeNotNull(c) FROM prior) AS prior_mean,
    (SELECT m FROM prior) AS prior_votes
FROM chosen
WHERE isNotNull(vote_average) AND vote_count >= {min_n:UInt32}
ORDER BY weighted_rating DESC, n DESC, title, tmdb_id
LIMIT {top:UInt32}
