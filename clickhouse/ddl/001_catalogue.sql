-- The catalogue: films, genres, companies, links and price indices, replaced as a whole by every load.
--
-- A row belongs to one load and carries its version. Readers use the views, which show the newest version named in
-- catalog_versions. A load writes that row last, so one insert switches every view at once and a load that stops half-way
-- is never seen. PARTITION BY version makes leaving an old version one cheap DROP PARTITION per table.
-- Id 0 stands for (unknown) in genres and companies, and for "not there" in movie_id and tmdb_id.

-- Complete versions. sources_hash covers the bytes of every file read and the loader's own rules.
CREATE TABLE IF NOT EXISTS catalog_versions
(
    version       UInt32,
    loaded_at     DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
    sources_hash  String,
    movies        UInt64,
    matched       UInt64 COMMENT 'MovieLens films with TMDB facts',
    genres        UInt64,
    companies     UInt64,
    links         UInt64,
    cpi_months    UInt64,
    quarantined   UInt64 COMMENT 'source rows that were not loaded, see load_reports'
)
ENGINE = MergeTree
ORDER BY version;

-- Who works on which version number. A loader that sees another load_id on its number takes the next one.
CREATE TABLE IF NOT EXISTS catalog_loads
(
    version     UInt32,
    load_id     UUID,
    claimed_at  DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (version, load_id);

-- What a load found in its files: one row per file, outcome, field and reason. Kept for every version.
CREATE TABLE IF NOT EXISTS load_reports
(
    version    UInt32,
    loaded_at  DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
    file       LowCardinality(String),
    outcome    LowCardinality(String) COMMENT 'read, loaded, repaired, dropped or quarantined',
    field      LowCardinality(String) COMMENT 'empty where the whole row is meant',
    reason     LowCardinality(String) COMMENT 'empty for read and loaded',
    rows       UInt64,
    lines      Array(UInt32) COMMENT 'line numbers of the first hundred'
)
ENGINE = MergeTree
ORDER BY (version, file, outcome, field, reason);

-- One row per film known to MovieLens or to the metadata file. Two MovieLens ids may share one TMDB film: both rows then
-- carry its facts, and the view films counts it once. Ordered by movie_id because events are looked up by it.
CREATE TABLE IF NOT EXISTS catalog_movies
(
    version            UInt32,
    movie_id           UInt32 COMMENT 'MovieLens id, 0 = not in MovieLens',
    tmdb_id            UInt32 COMMENT '0 = no link',
    imdb_id            String COMMENT 'with tt and leading zeros, empty = not known',
    facts_from         LowCardinality(String) COMMENT 'tmdb or movielens',
    title              String,
    original_title     String,
    release_date       Nullable(Date32),
    release_year       UInt16 COMMENT 'of release_date, else from the MovieLens title, 0 = not known',
    budget             Nullable(UInt64) COMMENT 'US dollars, null = not known',
    revenue            Nullable(UInt64) COMMENT 'US dollars, null = not known',
    suspect_money      Bool COMMENT 'budget or revenue was 1 to 999 and is taken as not known',
    popularity         Nullable(Float64) COMMENT 'TMDB figure of the day of extraction',
    vote_average       Nullable(Float64) COMMENT 'null without votes',
    vote_count         UInt32,
    runtime_minutes    Nullable(UInt16),
    original_language  LowCardinality(String),
    status             LowCardinality(String),
    collection_id      UInt32,
    collection_name    String,
    country_codes      Array(LowCardinality(String)) COMMENT 'ISO 3166-1',
    language_codes     Array(LowCardinality(String)) COMMENT 'ISO 639-1, spoken',
    genre_ids          Array(UInt32) COMMENT 'never empty, [0] = not known, so that ARRAY JOIN loses no film',
    company_ids        Array(UInt32) COMMENT 'never empty, [0] = not known'
)
ENGINE = MergeTree
PARTITION BY version
ORDER BY (movie_id, tmdb_id);

CREATE TABLE IF NOT EXISTS catalog_genres
(
    version   UInt32,
    genre_id  UInt32 COMMENT 'TMDB id, from 60000 on MovieLens words without one',
    name      String
)
ENGINE = MergeTree
PARTITION BY version
ORDER BY genre_id;

CREATE TABLE IF NOT EXISTS catalog_companies
(
    version     UInt32,
    company_id  UInt32 COMMENT 'TMDB id: several ids may share a name',
    name        String
)
ENGINE = MergeTree
PARTITION BY version
ORDER BY company_id;

CREATE TABLE IF NOT EXISTS catalog_links
(
    version   UInt32,
    movie_id  UInt32,
    imdb_id   String,
    tmdb_id   UInt32 COMMENT '0 = empty in the source'
)
ENGINE = MergeTree
PARTITION BY version
ORDER BY movie_id;

CREATE TABLE IF NOT EXISTS catalog_cpi
(
    version  UInt32,
    series   LowCardinality(String),
    month    Date32 COMMENT 'first of the month',
    value    Float64
)
ENGINE = MergeTree
PARTITION BY version
ORDER BY (series, month);

CREATE VIEW IF NOT EXISTS movies AS
SELECT * EXCEPT (version) FROM catalog_movies
WHERE version = (SELECT max(version) FROM catalog_versions);

-- Films with facts, each once: the ground of every question about money, votes and release dates.
CREATE VIEW IF NOT EXISTS films AS
SELECT * FROM movies WHERE facts_from = 'tmdb' ORDER BY tmdb_id, movie_id LIMIT 1 BY tmdb_id;

CREATE VIEW IF NOT EXISTS genres AS
SELECT genre_id, name FROM catalog_genres
WHERE version = (SELECT max(version) FROM catalog_versions);

CREATE VIEW IF NOT EXISTS companies AS
SELECT company_id, name FROM catalog_companies
WHERE version = (SELECT max(version) FROM catalog_versions);

-- Views over the arrays, not tables, so that the two forms cannot disagree.
CREATE VIEW IF NOT EXISTS movie_genres AS
SELECT movie_id, tmdb_id, genre_id, position, length(genre_ids) AS genre_count
FROM movies ARRAY JOIN genre_ids AS genre_id, arrayEnumerate(genre_ids) AS position;

CREATE VIEW IF NOT EXISTS movie_companies AS
SELECT movie_id, tmdb_id, company_id, position, length(company_ids) AS company_count
FROM movies ARRAY JOIN company_ids AS company_id, arrayEnumerate(company_ids) AS position;

CREATE VIEW IF NOT EXISTS links AS
SELECT movie_id, imdb_id, tmdb_id FROM catalog_links
WHERE version = (SELECT max(version) FROM catalog_versions);

CREATE VIEW IF NOT EXISTS cpi_monthly AS
SELECT series, month, value FROM catalog_cpi
WHERE version = (SELECT max(version) FROM catalog_versions);

-- Names at read time. TABLE without DB means the database of the dictionary, a QUERY would be resolved elsewhere. Every load
-- reloads them. The lifetime is for a load that died before it could: a server follows it, the embedded engine does not.
CREATE DICTIONARY IF NOT EXISTS genre_names
(
    genre_id UInt64,
    name     String DEFAULT '(unknown)'
)
PRIMARY KEY genre_id
SOURCE(CLICKHOUSE(TABLE 'genres'))
LAYOUT(HASHED())
LIFETIME(MIN 60 MAX 120);

CREATE DICTIONARY IF NOT EXISTS company_names
(
    company_id UInt64,
    name       String DEFAULT '(unknown)'
)
PRIMARY KEY company_id
SOURCE(CLICKHOUSE(TABLE 'companies'))
LAYOUT(HASHED())
LIFETIME(MIN 60 MAX 120);

CREATE DICTIONARY IF NOT EXISTS movie_titles
(
    movie_id     UInt64,
    title        String DEFAULT '(unknown)',
    release_year UInt16 DEFAULT 0
)
PRIMARY KEY movie_id
SOURCE(CLICKHOUSE(TABLE 'movies' WHERE 'movie_id > 0'))
LAYOUT(HASHED())
LIFETIME(MIN 60 MAX 120);
