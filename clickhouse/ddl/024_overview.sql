-- What a film is about, as TMDB tells it: the API shows it as a film's description. Rows of earlier loads have none; the next
-- load of the same files makes a new version.
ALTER TABLE catalog_movies
    ADD COLUMN IF NOT EXISTS overview String
    COMMENT 'a few sentences of TMDB, empty where nobody wrote any'
    CODEC(ZSTD(3))
    AFTER original_title;

-- A view keeps the columns that it was made with.
CREATE OR REPLACE VIEW movies AS
SELECT * EXCEPT (version) FROM catalog_movies
WHERE version = (SELECT max(version) FROM catalog_versions);

CREATE OR REPLACE VIEW films AS
SELECT * FROM movies WHERE facts_from = 'tmdb' ORDER BY tmdb_id, movie_id LIMIT 1 BY tmdb_id;
