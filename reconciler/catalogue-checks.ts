import type { Check } from '../core/checks.ts';
import { COUNTED_TABLES } from './catalogue-measures.ts';

/** A delivery that lost a tenth of a table since yesterday is more likely cut short than cleaned up. */
const LEAST_SHARE_OF_YESTERDAY = 0.9;
/** Below this many rows a tenth is a row or two. */
const LEAST_ROWS = 10;

/** Source against table, and table against yesterday, for every table of the catalogue. */
export const CATALOGUE_CHECKS: readonly Check[] = COUNTED_TABLES.flatMap((table) => [
  {
    name: `catalogue_source_${table}`,
    left: `table:${table}`,
    operator: '==',
    right: `source:${table}`,
    factor: 1,
    minimum: 0,
    severity: 'page',
  },
  {
    name: `catalogue_yesterday_${table}`,
    left: `table:${table}`,
    operator: 'ge_ratio',
    right: `yesterday:${table}`,
    factor: LEAST_SHARE_OF_YESTERDAY,
    minimum: LEAST_ROWS,
    severity: 'ticket',
  },
]);
