/**
 * Columns of an INSERT's body, in order, with the types that RowBinary carries; enums travel as their numbers.
 * `ingested_at` is not among them: it is one value per INSERT, given as a parameter, so that no batch can ever lie in two
 * months. A test compares these with the table.
 */
export const BODY_COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['slot', 'UInt16'],
  ['kafka_offset', 'UInt64'],
  ['skipped_before', 'UInt64'],
  ['log_ts', "DateTime64(3, 'UTC')"],
  ['event_id', 'FixedString(16)'],
  ['value_hash', 'UInt64'],
  ['bytes', 'UInt32'],
  ['verdict', 'Int8'],
  ['reason', 'Int8'],
  ['late', 'Bool'],
  ['kind', 'Int8'],
  ['user_id', 'UInt32'],
  ['movie_id', 'UInt32'],
  ['half_stars', 'UInt8'],
  ['ts', "DateTime64(3, 'UTC')"],
  ['source', 'String'],
  ['genre_ids', 'Array(UInt32)'],
  ['company_ids', 'Array(UInt32)'],
  ['release_year', 'UInt16'],
  ['catalog_version', 'UInt32'],
];

export const BODY_COLUMN_NAMES: string = BODY_COLUMNS.map(([name]) => name).join(', ');

/** The body as a table function's structure, quotes doubled for use inside a literal. */
export const BODY_STRUCTURE: string = BODY_COLUMNS.map(([name, type]) => `${name} ${type}`)
  .join(', ')
  .replaceAll("'", "\\'");

/** One row of the body's columns with every type's default, for a UNION with the body. */
export const BODY_MARKER_ROW: string = BODY_COLUMNS.map(
  ([name, type]) => `defaultValueOfTypeName('${type.replaceAll("'", "\\'")}') AS ${name}`,
).join(', ');
