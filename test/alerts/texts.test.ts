import { expect, it } from 'vitest';
import { runbookOf } from '../../dashboards/rules/rule-file.ts';
import { play } from './promtool.ts';
import { scenario } from './scenario.ts';
import { from } from './series.ts';

const reconciler = { job: 'reconciler', instance: '127.0.0.1:9404' };

/** What reaches a person: labels, numbers in words, and the page that says what to do. */
it('alerts say which, how much and what to do', async () => {
  const told = [
    {
      alertname: 'SourceSinkMismatch',
      minute: 40,
      labels: { ...reconciler, severity: 'page', topic: 'ratings', table: 'events_raw' },
      summary: 'ratings and events_raw differ by 7 events over the same offsets',
      dashboard: 'reelstream-quality',
    },
    {
      // the check chose its own severity
      alertname: 'ReconciliationCheckFailed',
      minute: 40,
      labels: { ...reconciler, severity: 'page', check: 'rows_against_yesterday', operator: 'ge_ratio' },
      summary: 'The check rows_against_yesterday (ge_ratio) failed',
      dashboard: 'reelstream-quality',
    },
    {
      alertname: 'TableRowCountDip',
      minute: 40,
      labels: { severity: 'ticket', table: 'events_raw', period: '1h' },
      summary: 'events_raw got 144k rows in the last closed 1h, below its share of what was expected',
      dashboard: 'reelstream-quality',
    },
    {
      alertname: 'ConsumerPartitionHalted',
      minute: 40,
      labels: { severity: 'page', topic: 'ratings', group: 'reelstream-sink' },
      summary:
        'reelstream-sink halted 2 partitions of ratings: log and table disagree, nothing goes on without a person',
      dashboard: 'reelstream-kafka',
    },
  ];
  const faults = scenario(
    'four faults at once',
    45,
    {
      surplus: from(30, -7, 0),
      check: from(30, 0, 1),
      checkSeverity: 'page',
      rows: from(30, 144_000, 360_000),
      sink: { halted: from(30, 2, 0) },
    },
    Object.fromEntries(told.map(({ alertname }) => [alertname, { by: 34 }])),
  );
  const texts = told.map(({ alertname, minute, labels, summary, dashboard }) => ({
    alertname,
    eval_time: `${minute}m`,
    exp_alerts: [
      { exp_labels: labels, exp_annotations: { summary, runbook: runbookOf(alertname), dashboard } },
    ],
  }));
  expect(await play({ scenario: faults, texts })).toBeNull();
  const wrong = texts.map((one) => ({ ...one, exp_alerts: [] }));
  expect(await play({ scenario: faults, texts: wrong })).toContain('SourceSinkMismatch');
});
