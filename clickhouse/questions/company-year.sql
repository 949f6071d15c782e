-- title: Budget, revenue and profit of companies by year, {credit} credit
-- summary: what a company's films of one release year cost and earned, and how popular they are
-- source: catalogue
-- definition: Films with a release date, each once, by company id and year of release. Sums run over known figures only;
--   profit only over films with both budget and revenue known. Full credit counts a film whole for each of its
--   companies, fractional credit gives each of k companies 1/k.
-- caveat: Sums of full credit over companies count films several times; add up fractional credit instead.
-- caveat: Popularity is TMDB's figure on the day of extraction (2017), not of the film's year.
-- caveat: A company is its id: several ids may share a name. Films without a company stand under (unknown).
-- caveat: Revenue is worldwide and cumulative, in US dollars of the day.
-- parameter from year = 0 (0..2200): first year of release
-- parameter to year = 2200 (0..2200): last year of release
-- parameter genre genre = all: only films of one of these genres
-- parameter company company = all: only these companies
-- parameter min_n integer = 3 (1..1000000): fewest films of a company in a year
-- parameter credit choice = full (full|fractional): which credit ranks
-- parameter top integer = 20 (1..1000000): how many rows
-- column year: year of release
-- column company: name
-- column films [films]: films of the company in that year
-- column known [films]: of these with budget and revenue known: the ground of profit
-- column revenue_full [US$]: sum of known revenues
-- column profit_full [US$]: revenue - budget where both are known
-- column budget_full [US$]: sum of known budgets
-- column popularity_mean [TMDB popularity]: mean over films
-- column popularity_median [TMDB popularity]: median over films
-- column revenue_fractional [US$]: the same, shared among the film's companies
-- column profit_fractional [US$]: the same, shared among the film's companies
-- column budget_fractional [US$]: the same, shared among the film's companies
-- column known_revenue [films]: films with revenue known
-- column known_budget [films]: films with budget known
-- column company_id [id]: TMDB id of the company
-- total all_films [films]: films with a release date that pass the filters
-- total all_known [films]: of these with budget and revenue known
-- coverage: budget and revenue are known for {all_known} of {all_films} films
-- chart: bars of revenue_{credit} by company, year
WITH chosen AS
(
    SELECT assumeNotNull(toYear(release_date)) AS year, tmdb_id, budget, revenue, popularity, company_ids
    FROM films
    WHERE isNotNull(release_date)
      AND year BETWEEN {from:UInt16} AND {to:UInt16}
      AND (empty({genre:Array(UInt32)}) OR hasAny(genre_ids, {genre:Array(UInt32)}))
      AND (empty({company:Array(UInt32)}) OR hasAny(company_ids, {company:Array(UInt32)}))
)
SELECT
    year,
    dictGetOrDefault('company_names', 'name', toUInt64(company_id), '(unknown)') AS company,
    count() AS films,
    count(revenue - budget) AS known,
    sum(toInt64(revenue)) AS revenue_full,
    sum(toInt64(revenue) - toInt64(budget)) AS profit_full,
    sum(toInt64(budget)) AS budget_full,
    avg(popularity) AS popularity_mean,
    quantileExactInclusive(0.5)(popularity) AS popularity_median,
    sum(revenue / length(company_ids)) AS revenue_fractional,
    sum((toInt64(revenue) - toInt64(budget)) / length(company_ids)) AS profit_fractional,
    sum(budget / length(company_ids)) AS budget_fractional,
    count(revenue) AS known_revenue,
    count(budget) AS known_budget,
    company_id,
    (SELECT count() FROM chosen) AS all_films,
    (SELECT count(revenue - budget) FROM chosen) AS all_known
FROM chosen
ARRAY JOIN company_ids AS company_id
WHERE empty({company:Array(UInt32)}) OR has({company:Array(UInt32)}, company_id)
GROUP BY year, company_id
HAVING films >= {min_n:UInt32}
ORDER BY
    if({credit:String} = 'full', toFloat64(revenue_full), revenue_fractional) DESC NULLS LAST,
    films DESC,
    company,
    company_id,
    year
LIMIT {top:UInt32}
