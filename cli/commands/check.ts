import { runAllChecks } from '../../reconciler/run-checks.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine, printTable } from '../print.ts';
import { fileChecksFrom, reconcilerOptionsFrom } from '../reconciler/options.ts';
import { clickHouseFrom, kafkaAdminFrom } from '../wiring.ts';

interface Options {
  readonly json?: boolean;
}

const HELP = `
A check holds one number against another: left, operator, right times factor. Operators: > < >= <= == != ge_ratio (at least
factor times right), within_ratio (right, give or take factor of it), nonzero. A right side that is missing or below the
minimum has nothing to say: the check is skipped. Checks are the program's own (the catalogue against its source, its version
before and yesterday), those of REELSTREAM_RECONCILER_CHECKS_FILE, and the rows of the table checks, later ones in place of
earlier ones of the same name. The reconciler runs them too; results stand in the table check_results.

Numbers there are:
  table:T source:T before:T yesterday:T    rows of a table of the catalogue, what its files held, the version before, yesterday
                                           (T: movies films genres companies links cpi_monthly)
  rows:T:P previous_rows:T:P last_week_rows:T:P
                                           rows of the last closed hour or day (P: 1h 1d), of the one before, a week before
                                           (T: events_raw agg_ratings_live)
  bytes:events_raw:P previous_bytes:events_raw:P last_week_bytes:events_raw:P
  log:T stored:T                           records of the settled offsets in Kafka, and in the table
                                           (T: events_raw agg_pipeline_minute)

A file of checks:
  checks:
    - name: events_of_yesterday
      left: rows:events_raw:1d
      operator: ge_ratio
      right: previous_rows:events_raw:1d
      factor: 0.7          # default 1
      minimum: 1000        # default 0
      severity: ticket     # or page
    - name: catalogue_yesterday_links
      enabled: false

Exit codes: 0 none failed, 1 one failed, 2 wrong settings or a wrong file, 3 Kafka or ClickHouse is away`;

export const configure: Configure = (command) => {
  command
    .description('run the row-count checks now')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async ({ json }: Options, settings) => {
        const fileChecks = fileChecksFrom(settings);
        const clickhouse = clickHouseFrom(settings);
        const admin = kafkaAdminFrom(settings, 'reelstream-check');
        try {
          const clusterId = await admin.clusterId();
          const results = await runAllChecks(clickhouse, {
            fileChecks,
            nowMs: Date.now(),
            pipeline: { ...reconcilerOptionsFrom(settings), clusterId },
          });
          const failed = results.filter(({ outcome }) => outcome === 'failed');
          if (json) printJson(results);
          else {
            printTable(
              ['check', 'outcome', 'severity', 'value', 'expectation', 'reason'],
              results.map((one) => [
                one.name,
                one.outcome,
                one.severity,
                one.value,
                one.expectation,
                one.reason,
              ]),
            );
            printLine(`\n${results.length} checks, ${failed.length} failed`);
          }
          return failed.length === 0 ? 0 : 1;
        } finally {
          await Promise.allSettled([clickhouse.close(), admin.close()]);
        }
      }),
    );
};
