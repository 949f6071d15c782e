-- title: Highest-earning genres in dollars of {base_month}, {series} price index, {credit} credit
-- summary: real revenue by genre: what a ticket cost then against the base month
-- source: catalogue
-- definition: real = nominal x CPI(base month) / CPI(month of release), the last month known at or before each. strict uses
--   admission to movies, theaters and concerts alone (CUSR0000SS62031, from 1999-01): earlier films have no real
--   revenue. spliced goes on before 1999-01 with consumer prices of all items (CPIAUCSL, from 1948-03), chained at that
--   month. Fractional credit gives each of a film's k genres 1/k, full credit counts it whole for each.
-- caveat: The index is of US ticket prices, revenue is worldwide and cumulative.
-- caveat: strict covers few films of an old catalogue: read the coverage. Spliced figures rest on two series.
-- caveat: A sum rewards genres with many films: see the median per film.
-- caveat: Price series are revised: prices_until says how far the loaded files reach, and months without a figure take the one before.
-- parameter series choice = spliced (strict|spliced): which prices
-- parameter base_month month = 2017-01 (1948-03..2200-12): whose dollars; of a month without prices, those of the last one known before
-- parameter from year = 0 (0..2200): first year of release
-- parameter to year = 2200 (0..2200): last year of release
-- parameter genre genre = all: only these genres
-- parameter company company = all: only films of one of these companies
-- parameter min_n integer = 10 (1..1000000): fewest films of known real revenue
-- parameter credit choice = fractional (full|fractional): which credit ranks
-- parameter top integer = 20 (1..1000000): how many genres
-- column genre: name
-- column real_revenue_fractional [US$ of {base_month}]: sum, shared among the film's genres
-- column real_revenue_full [US$ of {base_month}]: sum, whole for each genre
-- column real_revenue_median [US$ of {base_month}]: median per film
-- column films [films]: films of the genre
-- column known [films]: of these with a real revenue: the ground of the sums
-- column spliced [films]: of these by all-items prices
-- column genre_id [id]: TMDB id of the genre
-- total all_films [films]: films with a release date that pass the filters
-- total all_with_revenue [films]: of these with revenue known
-- total all_known [films]: of these released in months with a price index
-- total revenue_share [%]: their share of the nominal revenue
-- total prices_until [month]: last month of ticket prices
-- total base_month [month]: whose dollars: the month asked for, or the last one known before it
-- coverage: {all_known} of {all_with_revenue} films with revenue ({all_films} in all) have prices: {revenue_share} % of revenue; ticket prices until {prices_until}
-- chart: bars of real_revenue_{credit} by genre
WITH
    -- all items in units of ticket prices, so that both meet at the first month of ticket prices
    tickets AS (SELECT month, value FROM cpi_monthly WHERE series = 'CUSR0000SS62031'),
    all_items AS (SELECT month, value FROM cpi_monthly WHERE series = 'CPIAUCSL'),
    (SELECT (min(month), argMin(value, month), max(month)) FROM tickets) AS first_ticket,
    (SELECT argMax(value, month) FROM all_items WHERE month <= first_ticket.1) AS all_items_then,
    prices AS
    (
        SELECT 1 AS one, month, value AS price, false AS is_spliced FROM tickets
        UNION ALL
        SELECT 1 AS one, month, value * first_ticket.2 / all_items_then AS price, true AS is_spliced
        FROM all_items
        WHERE {series:String} = 'spliced' AND month < first_ticket.1
    ),
    (SELECT (argMax(price, month), max(month)) FROM prices WHERE month <= {base_month:Date32}) AS base,
    base.1 AS base_price,
    chosen AS
    (
        SELECT f.genre_ids AS genre_ids, f.earned AS earned, p.is_spliced AS is_spliced,
            if(p.price > 0 AND base_price > 0, f.earned * base_price / p.price, NULL) AS real
        FROM
        (
            SELECT 1 AS one, assumeNotNull(dateTrunc('month', release_date)) AS release_month, genre_ids, toFloat64(revenue) AS earned
            FROM films
            WHERE isNotNull(release_date)
              AND toYear(release_date) BETWEEN {from:UInt16} AND {to:UInt16}
              AND (empty({genre:Array(UInt32)}) OR hasAny(genre_ids, {genre:Array(UInt32)}))
              AND (empty({company:Array(UInt32)}) OR hasAny(company_ids, {company:Array(UInt32)}))
        ) AS f
        ASOF LEFT JOIN prices AS p ON f.one = p.one AND f.release_month >= p.month
    ),
    (SELECT (count(), count(earned), count(real), 100 * sumIf(earned, isNotNull(real)) / sum(earned)) FROM chosen) AS everything
SELECT
    dictGetOrDefault('genre_names', 'name', toUInt64(genre_id), '(unknown)') AS genre,
    sum(real / length(genre_ids)) AS real_revenue_fractional,
    sum(real) AS real_revenue_full,
    quantileExactInclusive(0.5)(real) AS real_revenue_median,
    count() AS films,
    count(real) AS known,
    countIf(isNotNull(real) AND is_spliced) AS spliced,
    genre_id,
    everything.1 AS all_films,
    everything.2 AS all_with_revenue,
    everything.3 AS all_known,
    everything.4 AS revenue_share,
    formatDateTime(first_ticket.3, '%Y-%m') AS prices_until,
    formatDateTime(base.2, '%Y-%m') AS base_month
FROM chosen
ARRAY JOIN genre_ids AS genre_id
WHERE empty({genre:Array(UInt32)}) OR has({genre:Array(UInt32)}, genre_id)
GROUP BY genre_id
HAVING known >= {min_n:UInt32}
ORDER BY
    if({credit:String} = 'full', real_revenue_full, real_revenue_fractional) DESC,
    genre,
    genre_id
LIMIT {top:UInt32}
