-- title: Budget, revenue and profit of genres by year, {credit} credit
-- summary: what the films of a genre and release year cost and earned, and how popular they are
-- source: catalogue
-- definition: Films with a release date, each once, by genre and year of release. Sums run over known figures only;
--   profit only over films with both budget and revenue known. Full credit counts a film whole for each of its
--   genres, fractional credit gives each of k genres 1/k.
-- caveat: Sums of full credit over genres count films several times; add up fractional credit instead.
-- caveat: Popularity is TMDB's figure on the day of extraction (2017), not of the film's year.
-- caveat: Films without a genre stand under (unknown).
-- caveat: Revenue is worldwide and cumulative, in US dollars of the day.
-- parameter from year = 0 (0..2200): first year of release
-- parameter to year = 2200 (0..2200): last year of release
-- parameter genre genre = all: only these genres
-- parameter company company = all: only films of one of these companies
-- parameter min_n integer = 10 (1..1000000): fewest films of a genre in a year
-- parameter credit choice = full (full|fractional): which credit ranks
-- parameter top integer = 20 (1..1000000): how many rows
-- column year: year of release
-- column genre: name
-- column films [films]: films of the genre in that year
-- column known [films]: of these with budget and revenue known: the ground of profit
-- column revenue_full [US$]: sum of known revenues
-- column profit_full [US$]: revenue - budget where both are known
-- column budget_full [US$]: sum of known budgets
-- column popularity_mean [TMDB popularity]: mean over films
-- column popularity_median [TMDB popularity]: median over films
-- column revenue_fractional [US$]: the same, shared among the film's genres
-- column profit_fractional [US$]: the same, shared among the film's genres
-- column budget_fractional [US$]: the same, shared among the film's genres
-- column known_revenue [films]: films with revenue known
-- column known_budget [films]: films with budget known
-- column genre_id [id]: TMDB id of the genre
-- total all_films [films]: films with a release date that pass the filters
-- total all_known [films]: of these with budget and revenue known
-- coverage: budget and revenue are known for {all_known} of {all_films} films
-- chart: bars of revenue_{credit} by genre, year
WITH chosen AS
(
    SELECT assumeNotNull(toYear(release_date)) AS year, budget, revenue, popularity, genre_ids
    FROM films
    WHERE isNotNull(release_date)
      AND year BETWEEN {from:UInt16} AND {to:UInt16}
      AND (empty({genre:Array(UInt32)}) OR hasAny(genre_ids, {genre:Array(UInt32)}))
      AND (empty({company:Array(UInt32)}) OR hasAny(company_ids, {company:Array(UInt32)}))
)
SELECT
    year,
    dictGetOrDefault('genre_names', 'name', toUInt64(genre_id), '(unknown)') AS genre,
    count() AS films,
    count(revenue - budget) AS known,
    sum(toInt64(revenue)) AS revenue_full,
    sum(toInt64(revenue) - toInt64(budget)) AS profit_full,
    sum(toInt64(budget)) AS budget_full,
    avg(popularity) AS popularity_mean,
    quantileExactInclusive(0.5)(popularity) AS popularity_median,
    sum(revenue / length(genre_ids)) AS revenue_fractional,
    sum((toInt64(revenue) - toInt64(budget)) / length(genre_ids)) AS profit_fractional,
    sum(budget / length(genre_ids)) AS budget_fractional,
    count(revenue) AS known_revenue,
    count(budget) AS known_budget,
    genre_id,
    (SELECT count() FROM chosen) AS all_films,
    (SELECT count(revenue - budget) FROM chosen) AS all_known
FROM chosen
ARRAY JOIN genre_ids AS genre_id
WHERE empty({genre:Array(UInt32)}) OR has({genre:Array(UInt32)}, genre_id)
GROUP BY year, genre_id
HAVING films >= {min_n:UInt32}
ORDER BY
    if({credit:String} = 'full', toFloat64(revenue_full), revenue_fractional) DESC NULLS LAST,
    films DESC,
    genre,
    genre_id,
    year
LIMIT {top:UInt32}
