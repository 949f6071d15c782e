-- Who named the genres of a film: TMDB knows some films without any, and the loader lends those MovieLens's words. Rows of
-- earlier loads are taken as before, by who knows the film; the next load of the same files makes a new version.
ALTER TABLE catalog_movies
    ADD COLUMN IF NOT EXISTS genres_from LowCardinality(String) DEFAULT facts_from
    COMMENT 'tmdb, movielens, or empty where nobody named any'
    AFTER facts_from;

-- A view keeps the columns that it was made with.
CREATE OR REPLACE VIEW movies AS
SELECT * EXCEPT (version) FROM catalog_movies
WHERE version = (SELECT max(version) FROM catalog_versions);

CREATE OR REPLACE VIEW films AS
SELECT * FROM movies WHERE facts_from = 'tmdb' ORDER BY tmdb_id, movie_id LIMIT 1 BY tmdb_id;
