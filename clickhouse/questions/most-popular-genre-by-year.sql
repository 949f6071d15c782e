-- title: Most popular genre of each year of release
-- summary: the genre whose films of a year are the most popular, beside the most released one
-- source: catalogue
-- definition: Mean TMDB popularity of a genre's films of one release year, among genres with at least min_n films and at
--   least share percent of the year's films; ties by number of films, then by name. Beside it the genre with the most
--   films. Films without a genre count in the year but win nothing.
-- caveat: Popularity is TMDB's figure on the day of extraction (2017), not of the film's year.
-- caveat: Without the thresholds a genre of five films wins; with sums or counts instead of means Drama always wins.
-- caveat: A film counts whole for each of its genres: a mean knows no shares.
-- caveat: Years in which no genre reaches the thresholds are left out.
-- parameter from year = 0 (0..2200): first year of release
-- parameter to year = 2200 (0..2200): last year of release
-- parameter company company = all: only films of one of these companies
-- parameter min_n integer = 10 (1..1000000): fewest films of a genre in a year
-- parameter share number = 5 (0..100): and fewest in percent of the year's films
-- parameter top integer = 200 (1..1000000): how many years, the latest
-- column year: year of release
-- column genre: the winner
-- column popularity_mean [TMDB popularity]: mean over the winner's films
-- column n [films]: the winner's films with a popularity
-- column films [films]: films of the year that pass the filters
-- column known [films]: of these with a genre and a popularity
-- column most_released: the genre with the most films
-- column most_released_films [films]: how many
-- column genre_id [id]: TMDB id of the winner
-- total all_films [films]: films with a release date that pass the filters
-- total all_known [films]: of these with a genre and a popularity
-- total years_without [years]: years in which no genre reaches the thresholds
-- coverage: genre and popularity are known for {all_known} of {all_films} films; years left out: {years_without}
-- chart: bars of popularity_mean by year, genre
WITH
    chosen AS
    (
        SELECT assumeNotNull(toYear(release_date)) AS year, popularity, genre_ids
        FROM films
        WHERE isNotNull(release_date)
          AND year BETWEEN {from:UInt16} AND {to:UInt16}
          AND (empty({company:Array(UInt32)}) OR hasAny(company_ids, {company:Array(UInt32)}))
    ),
    years AS
    (
        SELECT year, count() AS films, countIf(genre_ids != [0] AND isNotNull(popularity)) AS known
        FROM chosen
        GROUP BY year
    ),
    cells AS
    (
        SELECT
            year,
            genre_id,
            dictGetOrDefault('genre_names', 'name', toUInt64(genre_id), '(unknown)') AS genre,
            count() AS released,
            count(popularity) AS n,
            avg(popularity) AS popularity_mean
        FROM chosen
        ARRAY JOIN genre_ids AS genre_id
        WHERE genre_id != 0
        GROUP BY year, genre_id
    ),
    winners AS
    (
        SELECT
            year,
            argMin((genre_id, genre, popularity_mean, n), (-assumeNotNull(popularity_mean), -toInt64(n), genre, genre_id)) AS winner
        FROM cells
        INNER JOIN years USING year
        WHERE n >= greatest({min_n:UInt32}, {share:Float64} / 100 * films)
        GROUP BY year
    ),
    released AS
    (
        SELECT year, argMin((genre, released), (-toInt64(released), genre, genre_id)) AS most
        FROM cells
        GROUP BY year
    )
SELECT
    year,
    winner.2 AS genre,
    assumeNotNull(winner.3) AS popularity_mean,
    winner.4 AS n,
    films,
    known,
    most.1 AS most_released,
    most.2 AS most_released_films,
    winner.1 AS genre_id,
    (SELECT count() FROM chosen) AS all_films,
    (SELECT sum(known) FROM years) AS all_known,
    (SELECT count() FROM years) - (SELECT count() FROM winners) AS years_without
FROM winners
INNER JOIN years USING year
INNER JOIN released USING year
ORDER BY year DESC
LIMIT {top:UInt32}
