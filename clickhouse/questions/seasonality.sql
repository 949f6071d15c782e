-- title: Box-office season: revenue by {by} of release against the year's median
-- summary: which months and quarters of release earn more than the rest of their year
-- source: catalogue
-- definition: Each film's revenue over the median revenue of its year of release; the index is the median of that over all films
--   of the month (of an even number the upper of the two in the middle, so that it is the figure of a film). Only
--   years with at least min_year films of known revenue; releases of 1 January are left out: that date stands for
--   "some time in that year". Each film once, whatever its genres.
-- caveat: Dates are first showings anywhere, festivals included: many September films are premieres.
-- caveat: The median of the year takes growth and inflation out; months are correlated with kinds of films, nothing is caused.
-- caveat: Revenue is worldwide and cumulative, not earned in that month.
-- parameter by choice = month (month|quarter): unit of the season
-- parameter from year = 0 (0..2200): first year of release
-- parameter to year = 2200 (0..2200): last year of release
-- parameter genre genre = all: only films of one of these genres
-- parameter company company = all: only films of one of these companies
-- parameter min_year integer = 20 (1..1000000): fewest films of known revenue that a year needs
-- parameter min_n integer = 1 (1..1000000): fewest films of known revenue in a month or quarter
-- column season: month or quarter of release
-- column index [x year's median]: median over films of revenue / median revenue of the film's year
-- column films [films]: films released in it, in years that count
-- column known [films]: of these with revenue known: the ground of the index
-- column revenue_median [US$]: median revenue, not set against the year
-- column number [id]: of the month or quarter, for sorting
-- total all_films [films]: films with a release date other than 1 January that pass the filters
-- total all_known [films]: of these with revenue known, in years that count
-- total years [years]: years that count
-- coverage: {all_known} of {all_films} films count: revenue known, in {years} years with enough such films
-- chart: columns of index by season
WITH
    chosen AS
    (
        SELECT
            assumeNotNull(toYear(release_date)) AS year,
            assumeNotNull(if({by:String} = 'month', toMonth(release_date), toQuarter(release_date))) AS number,
            toFloat64(revenue) AS earned
        FROM films
        WHERE isNotNull(release_date)
          AND NOT (toMonth(release_date) = 1 AND toDayOfMonth(release_date) = 1)
          AND year BETWEEN {from:UInt16} AND {to:UInt16}
          AND (empty({genre:Array(UInt32)}) OR hasAny(genre_ids, {genre:Array(UInt32)}))
          AND (empty({company:Array(UInt32)}) OR hasAny(company_ids, {company:Array(UInt32)}))
    ),
    years AS
    (
        SELECT year, quantileExactInclusive(0.5)(earned) AS year_median, count(earned) AS year_known
        FROM chosen
        GROUP BY year
        HAVING year_known >= {min_year:UInt32}
    )
SELECT
    if({by:String} = 'month',
        ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][number],
        concat('Q', toString(number))) AS season,
    quantileExact(0.5)(earned / year_median) AS index,
    count() AS films,
    count(earned) AS known,
    quantileExact(0.5)(earned) AS revenue_median,
    number,
    (SELECT count() FROM chosen) AS all_films,
    (SELECT sum(year_known) FROM years) AS all_known,
    (SELECT count() FROM years) AS years
FROM chosen
INNER JOIN years USING year
GROUP BY number
HAVING known >= {min_n:UInt32}
ORDER BY number
