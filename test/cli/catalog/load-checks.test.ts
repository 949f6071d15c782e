import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkLoad, printChecks } from '../../../cli/catalog/load-checks.ts';
import type { ClickHouse } from '../../../clickhouse/connection.ts';
import { createManualClock } from '../../../core/clock.ts';
import { ReelstreamError } from '../../../core/errors.ts';
import type { Logger } from '../../../core/logger.ts';
import type { CheckResult } from '../../../reconciler/run-checks.ts';

afterEach(() => vi.restoreAllMocks());

const warnings: unknown[][] = [];
const logger = { warn: (...said: unknown[]) => void warnings.push(said) } as unknown as Logger;
const clock = createManualClock(Date.UTC(2026, 0, 1));

describe('checks after a load', () => {
  it('are not run for a load that changed nothing', async () => {
    const untouched = {} as ClickHouse;
    expect(
      await checkLoad({ clickhouse: untouched, clock, logger }, { status: 'unchanged', version: 3 }),
    ).toEqual([]);
  });

  it('that cannot be run are told, and the load stands', async () => {
    const away = {
      query: () => Promise.reject(new ReelstreamError('unavailable', 'ClickHouse did not answer')),
    } as unknown as ClickHouse;
    expect(await checkLoad({ clickhouse: away, clock, logger }, { status: 'loaded', version: 3 })).toEqual(
      [],
    );
    expect(warnings).toEqual([
      [
        { version: 3, code: 'unavailable', error: 'ClickHouse did not answer' },
        'the catalogue is live, and its checks could not be run',
      ],
    ]);
  });

  it('that fail are logged with the reason, and written into check_results with the others', async () => {
    warnings.length = 0;
    const written: object[] = [];
    const clickhouse = {
      query: async (sql: string) =>
        sql.includes('FROM checks') ? [] : [{ value: sql.includes('FROM links') ? 1 : 2 }],
      insertRows: async (_: string, rows: readonly object[]) => void written.push(...rows),
    } as unknown as ClickHouse;
    const results = await checkLoad({ clickhouse, clock, logger }, { status: 'loaded', version: 3 });
    const failed = results.filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ name }) => name)).toEqual(['catalogue_source_links']);
    expect(warnings).toEqual([
      [
        { version: 3, check: 'catalogue_source_links', severity: 'page' },
        'table:links is 1; expected == source:links (2)',
      ],
    ]);
    expect(written).toHaveLength(results.length);
    expect(written[0]).toMatchObject({ checked_at: '2026-01-01T00:00:00.000Z', outcome: 'passed' });
  });

  it('are printed with the failed ones first, and nothing when there are none', () => {
    const said: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
    printChecks([]);
    expect(said).toEqual([]);
    const check = { left: 'a', operator: '==', right: 'b', factor: 1, minimum: 0, severity: 'page' } as const;
    const results: CheckResult[] = [
      { ...check, name: 'sound', outcome: 'passed', value: 1_000, expectation: 1_000, reason: 'a is 1000' },
      {
        ...check,
        name: 'broken',
        outcome: 'failed',
        value: 1,
        expectation: 2,
        reason: 'a is 1; expected == b (2)',
      },
    ];
    printChecks(results);
    expect(said.join('')).toBe(`
check   outcome  value  expected  why
------  -------  -----  --------  -------------------------
broken  failed       1         2  a is 1; expected == b (2)
sound   passed   1,000     1,000
`);
  });
});
