import { expect, it } from 'vitest';
import { expandMacros } from '../../dashboards/sql-macros.ts';

const span = { fromSeconds: 100.7, toSeconds: 200 };

it('puts the span in place of macros', () => {
  expect(expandMacros('SELECT 1 WHERE $__timeFilter(a.minute) AND x < $__toTime', span)).toBe(
    "SELECT 1 WHERE a.minute >= toDateTime(100, 'UTC') AND a.minute <= toDateTime(200, 'UTC') AND x < toDateTime(200, 'UTC')",
  );
});

it('refuses a macro that it does not know, rather than send it', () => {
  expect(() => expandMacros('SELECT $__interval_s', span)).toThrow(/\$__interval_s is not known/);
});
