-- title: Revenue by genre and year of release, {credit} credit
-- summary: how the revenue of each genre moves over the years
-- source: catalogue
-- definition: Films with a release date, each once, by genre and year of release; sums of known revenues. Full credit counts
--   a film whole for each of its genres, fractional credit gives each of k genres 1/k. Only the strongest genres of
--   the whole span are shown, in the order of their revenue over it.
-- caveat: Sums of full credit over genres count films several times; add up fractional credit instead.
-- caveat: Revenue is worldwide and cumulative, in US dollars of the day: later years hold inflation.
-- caveat: A year in which few revenues are known is low for that reason: see the column known.
-- caveat: Films without a genre stand under (unknown).
-- parameter from year = 0 (0..2200): first year of release
-- parameter to year = 2200 (0..2200): last year of release
-- parameter genre genre = all: only these genres
-- parameter company company = all: only films of one of these companies
-- parameter min_n integer = 10 (1..1000000): fewest films of a genre in a year
-- parameter credit choice = full (full|fractional): which credit ranks and is drawn
-- parameter top integer = 6 (1..1000000): how many genres
-- column year: year of release
-- column genre: name
-- column films [films]: films of the genre in that year
-- column known [films]: of these with revenue known
-- column revenue_full [US$]: sum of known revenues
-- column revenue_fractional [US$]: the same, shared among the film's genres
-- column rank [rank]: place of the genre over the whole span
-- column genre_id [id]: TMDB id of the genre
-- total all_films [films]: films with a release date that pass the filters
-- total all_known [films]: of these with revenue known
-- total all_revenue [US$]: sum of known revenues, each film once
-- coverage: revenue is known for {all_known} of {all_films} films
-- chart: lines of revenue_{credit} over year for each genre
WITH chosen AS
(
    SELECT assumeNotNull(toYear(release_date)) AS year, toInt64(revenue) AS earned, genre_ids
    FROM films
    WHERE isNotNull(release_date)
      AND year BETWEEN {from:UInt16} AND {to:UInt16}
      AND (empty({genre:Array(UInt32)}) OR hasAny(genre_ids, {genre:Array(UInt32)}))
      AND (empty({company:Array(UInt32)}) OR hasAny(company_ids, {company:Array(UInt32)}))
)
SELECT
    year,
    dictGetOrDefault('genre_names', 'name', toUInt64(genre_id), '(unknown)') AS genre,
    films,
    known,
    revenue_full,
    revenue_fractional,
    dense_rank() OVER (ORDER BY span DESC, genre_id) AS rank,
    genre_id,
    (SELECT count() FROM chosen) AS all_films,
    (SELECT count(earned) FROM chosen) AS all_known,
    (SELECT sum(earned) FROM chosen) AS all_revenue
FROM
(
    SELECT
        year,
        genre_id,
        count() AS films,
        count(earned) AS known,
        sum(earned) AS revenue_full,
        sum(earned / length(genre_ids)) AS revenue_fractional,
        ifNull(sum(sum(if({credit:String} = 'full', toFloat64(earned), earned / length(genre_ids)))) OVER (PARTITION BY genre_id), 0) AS span
    FROM chosen
    ARRAY JOIN genre_ids AS genre_id
    WHERE empty({genre:Array(UInt32)}) OR has({genre:Array(UInt32)}, genre_id)
    GROUP BY year, genre_id
)
WHERE films >= {min_n:UInt32}
QUALIFY rank <= {top:UInt32}
ORDER BY rank, year
