-- title: Releases by genre, year and company
-- summary: how many films a company released in a genre and year
-- source: catalogue
-- definition: Films with a release date, each once, counted in every cell of genre, year and company they belong to: the
--   product of their genres and companies. Fractional counts give a film of g genres and c companies 1/(g c) in each
--   cell, so that they add up to the number of films.
-- caveat: Cells are not additive; year_films and the total are counted by themselves.
-- caveat: A company is its id: several ids may share a name. What is not known stands under (unknown).
-- parameter from year = 0 (0..2200): first year of release
-- parameter to year = 2200 (0..2200): last year of release
-- parameter genre genre = all: only these genres
-- parameter company company = all: only these companies
-- parameter min_n integer = 1 (1..1000000): fewest films in a cell
-- parameter credit choice = full (full|fractional): which credit ranks
-- parameter top integer = 20 (1..1000000): how many rows
-- column year: year of release
-- column genre: name
-- column company: name
-- column films_full [films]: films in the cell
-- column films_fractional [films]: the same, shared among the film's genres and companies
-- column year_films [films]: films of that year that pass the filters, each once
-- column genre_id [id]: TMDB id of the genre
-- column company_id [id]: TMDB id of the company
-- total all_films [films]: films with a release date that pass the filters
-- total all_known [films]: of these with a genre and a company
-- coverage: genre and company are known for {all_known} of {all_films} films
-- chart: bars of films_{credit} by company, genre, year
WITH chosen AS
(
    SELECT assumeNotNull(toYear(release_date)) AS year, tmdb_id, genre_ids, company_ids
    FROM films
    WHERE isNotNull(release_date)
      AND year BETWEEN {from:UInt16} AND {to:UInt16}
      AND (empty({genre:Array(UInt32)}) OR hasAny(genre_ids, {genre:Array(UInt32)}))
      AND (empty({company:Array(UInt32)}) OR hasAny(company_ids, {company:Array(UInt32)}))
)
SELECT
    year,
    dictGetOrDefault('genre_names', 'name', toUInt64(genre_id), '(unknown)') AS genre,
    dictGetOrDefault('company_names', 'name', toUInt64(company_id), '(unknown)') AS company,
    films_full,
    films_fractional,
    year_films,
    genre_id,
    company_id,
    (SELECT count() FROM chosen) AS all_films,
    (SELECT countIf(genre_ids != [0] AND company_ids != [0]) FROM chosen) AS all_known
FROM
(
    SELECT
        year,
        genre_id,
        company_id,
        uniqExact(tmdb_id) AS films_full,
        sum(1 / (length(genre_ids) * length(company_ids))) AS films_fractional
    FROM chosen
    -- two clauses give the product, one clause would pair the first genre with the first company
    ARRAY JOIN genre_ids AS genre_id
    ARRAY JOIN company_ids AS company_id
    WHERE (empty({genre:Array(UInt32)}) OR has({genre:Array(UInt32)}, genre_id))
      AND (empty({company:Array(UInt32)}) OR has({company:Array(UInt32)}, company_id))
    GROUP BY year, genre_id, company_id
    HAVING films_full >= {min_n:UInt32}
) AS cells
INNER JOIN (SELECT year, count() AS year_films FROM chosen GROUP BY year) AS years USING year
ORDER BY
    if({credit:String} = 'full', toFloat64(films_full), films_fractional) DESC,
    year,
    genre,
    company,
    company_id,
    genre_id
LIMIT {top:UInt32}
