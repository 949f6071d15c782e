-- A check is two measures, an operator between them, a factor and a minimum (core/checks.ts): columns named accordingly. The
-- program's own checks need no row here. A row of the same name takes the place of one, enabled = 0 switches it off, and a row
-- of another name is one more check.
ALTER TABLE checks RENAME COLUMN IF EXISTS table_name TO left_side;
ALTER TABLE checks RENAME COLUMN IF EXISTS compared_to TO right_side;
ALTER TABLE checks RENAME COLUMN IF EXISTS threshold TO factor;
ALTER TABLE checks RENAME COLUMN IF EXISTS minimum_rows TO minimum;
ALTER TABLE checks MODIFY COLUMN minimum Float64;
ALTER TABLE checks COMMENT COLUMN left_side 'measure that is watched: table:movies';
ALTER TABLE checks COMMENT COLUMN right_side 'measure or number it is held against: yesterday:movies';
ALTER TABLE checks COMMENT COLUMN operator '> < >= <= == != ge_ratio within_ratio nonzero';
ALTER TABLE checks COMMENT COLUMN factor 'the right side counts times this; of within_ratio the allowed distance, 0.05 = 5 percent';
ALTER TABLE checks COMMENT COLUMN minimum 'a right side below this says nothing: the check is skipped';

-- A result says what was compared, so that it stays readable after its check has changed.
ALTER TABLE check_results MODIFY COLUMN value Nullable(Float64) COMMENT 'null = could not be measured';
ALTER TABLE check_results ADD COLUMN IF NOT EXISTS left_side LowCardinality(String) AFTER name;
ALTER TABLE check_results ADD COLUMN IF NOT EXISTS operator LowCardinality(String) AFTER left_side;
ALTER TABLE check_results ADD COLUMN IF NOT EXISTS right_side LowCardinality(String) AFTER operator;
ALTER TABLE check_results ADD COLUMN IF NOT EXISTS factor Float64 AFTER right_side;
ALTER TABLE check_results ADD COLUMN IF NOT EXISTS severity LowCardinality(String) AFTER factor;
