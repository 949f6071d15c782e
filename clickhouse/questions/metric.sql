-- title: {stat} of {metric} by {by}
-- summary: any figure by any attribute: --metric revenue --by country --and year --stat median
-- source: catalogue
-- definition: Films with a release date, each once, in every group of by (and of and) they belong to: a film of several genres,
--   companies, countries or spoken languages stands in several groups. Only known figures count; profit needs budget
--   and revenue. Full credit takes a film whole in each group; fractional credit weighs it 1/k in each of k groups
--   (sums are shared, means are weighted, medians are of full credit alone). The metric films counts films.
-- caveat: Sums of full credit over groups count films several times; fractional ones add up to the whole.
-- caveat: Money is in US dollars of the day, revenue worldwide and cumulative; popularity is of the day of extraction (2017).
-- caveat: Companies and collections are their ids: several may share a name. What is not known stands under (unknown).
-- parameter metric choice = revenue (budget|revenue|profit|popularity|runtime|vote_average|films): which figure
-- parameter by choice = genre (genre|company|country|language|collection|status|year): grouped by
-- parameter and choice = none (none|genre|company|country|language|collection|status|year): and also by
-- parameter stat choice = sum (sum|mean|median): which statistic
-- parameter from year = 0 (0..2200): first year of release
-- parameter to year = 2200 (0..2200): last year of release
-- parameter genre genre = all: only films of one of these genres
-- parameter company company = all: only films of one of these companies
-- parameter min_n integer = 1 (1..1000000): fewest films with a known figure in a group
-- parameter credit choice = full (full|fractional): which credit ranks
-- parameter top integer = 20 (1..1000000): how many groups
-- column group: name of the group
-- column also: name of the second group, empty without and
-- column value_full [{metric}]: the statistic
-- column value_fractional [{metric}]: the same, films weighed 1/k; none for medians
-- column films [films]: films in the group
-- column known [films]: of these with the figure known
-- column group_key [id]: id, code or year of the group
-- column also_key [id]: id, code or year of the second group
-- total all_films [films]: films with a release date that pass the filters
-- total all_known [films]: of these with the figure known
-- total all_value [{metric}]: the statistic over these, each film once
-- coverage: {metric} is known for {all_known} of {all_films} films; {stat} over all of them: {all_value}
-- chart: bars of value_{credit} by group, also
WITH
    chosen AS
    (
        SELECT
            -- every branch is a column; the choice is a constant, so that one branch is read
            multiIf(
                {metric:String} = 'budget', toFloat64(budget),
                {metric:String} = 'revenue', toFloat64(revenue),
                {metric:String} = 'profit', toFloat64(revenue) - toFloat64(budget),
                {metric:String} = 'popularity', popularity,
                {metric:String} = 'runtime', toFloat64(runtime_minutes),
                {metric:String} = 'vote_average', vote_average,
                toNullable(1.)) AS figure,
            [
                arrayMap(id -> toString(id), genre_ids),
                arrayMap(id -> toString(id), company_ids),
                if(empty(country_codes), ['(unknown)'], arrayMap(code -> toString(code), country_codes)),
                if(empty(language_codes), ['(unknown)'], arrayMap(code -> toString(code), language_codes)),
                [toString(collection_id)],
                [if(status = '', '(unknown)', toString(status))],
                [toString(release_year)],
                ['']
            ] AS keys,
            ['genre', 'company', 'country', 'language', 'collection', 'status', 'year', 'none'] AS attributes,
            arrayDistinct(keys[indexOf(attributes, {by:String})]) AS first_keys,
            arrayDistinct(keys[indexOf(attributes, {and:String})]) AS second_keys,
            collection_id,
            collection_name
        FROM films
        WHERE isNotNull(release_date)
          AND toYear(release_date) BETWEEN {from:UInt16} AND {to:UInt16}
          AND (empty({genre:Array(UInt32)}) OR hasAny(genre_ids, {genre:Array(UInt32)}))
          AND (empty({company:Array(UInt32)}) OR hasAny(company_ids, {company:Array(UInt32)}))
    ),
    grouped AS
    (
        SELECT
            group_key,
            also_key,
            any(collection_name) AS collection,
            multiIf(
                {stat:String} = 'mean', avg(figure),
                {stat:String} = 'median', quantileExactInclusive(0.5)(figure),
                sum(figure)) AS value_full,
            multiIf(
                {stat:String} = 'mean', sum(figure / shares) / sumIf(1 / shares, isNotNull(figure)),
                {stat:String} = 'median', NULL,
                sum(figure / shares)) AS value_fractional,
            count() AS films,
            count(figure) AS known
        FROM (SELECT *, length(first_keys) * length(second_keys) AS shares FROM chosen)
        ARRAY JOIN first_keys AS group_key
        ARRAY JOIN second_keys AS also_key
        GROUP BY group_key, also_key
        HAVING known >= {min_n:UInt32}
    ),
    (
        SELECT (count(), count(figure), multiIf(
            {stat:String} = 'mean', avg(figure),
            {stat:String} = 'median', quantileExactInclusive(0.5)(figure),
            sum(figure)))
        FROM chosen
    ) AS everything
SELECT
    multiIf(
        {by:String} = 'genre', dictGetOrDefault('genre_names', 'name', toUInt64OrZero(group_key), '(unknown)'),
        {by:String} = 'company', dictGetOrDefault('company_names', 'name', toUInt64OrZero(group_key), '(unknown)'),
        {by:String} = 'collection', if(group_key = '0', '(none)', collection),
        group_key) AS group,
    multiIf(
        {and:String} = 'genre', dictGetOrDefault('genre_names', 'name', toUInt64OrZero(also_key), '(unknown)'),
        {and:String} = 'company', dictGetOrDefault('company_names', 'name', toUInt64OrZero(also_key), '(unknown)'),
        {and:String} = 'collection', if(also_key = '0', '(none)', collection),
        also_key) AS also,
    value_full,
    value_fractional,
    films,
    known,
    group_key,
    also_key,
    everything.1 AS all_films,
    everything.2 AS all_known,
    everything.3 AS all_value
FROM grouped
ORDER BY
    if({credit:String} = 'full' OR {stat:String} = 'median', value_full, value_fractional) DESC NULLS LAST,
    known DESC,
    group,
    also,
    group_key,
    also_key
LIMIT {top:UInt32}
