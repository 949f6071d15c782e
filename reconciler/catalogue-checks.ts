import type { Check } from '../core/checks.ts';
import { COUNTED_TABLES, type CountedTable, TABLES_WITH_HISTORY } from './catalogue-measures.ts';

/** A delivery that lost a tenth of a table is more likely cut short than cleaned up. */
const LEAST_SHARE = 0.9;
/** Below this many rows a tenth is a row or two. */
const LEAST_ROWS = 10;

function shrunk(table: CountedTable, since: 'before' | 'yesterday'): Check {
  return {
    name: `catalogue_${since}_${table}`,
    left: `table:${table}`,
    operator: 'ge_ratio',
    right: `${since}:${table}`,
    factor: LEAST_SHARE,
    minimum: LEAST_ROWS,
    severity: 'ticket',
  };
}

/**
 * For every table of the catalogue: source against table, and table against the version before and against yesterday. The
 * version before catches a cut delivery at once, yesterday one that came in small cuts.
 */
export const CATALOGUE_CHECKS: readonly Check[] = [
  ...COUNTED_TABLES.map(
    (table): Check => ({
      name: `catalogue_source_${table}`,
      left: `table:${table}`,
      operator: '==',
      right: `source:${table}`,
      factor: 1,
      minimum: 0,
      severity: 'page',
    }),
  ),
  ...TABLES_WITH_HISTORY.map((table) => shrunk(table, 'before')),
  ...COUNTED_TABLES.map((table) => shrunk(table, 'yesterday')),
];
