import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readQuestions } from '../../clickhouse/questions.ts';
import { DASHBOARD_UIDS } from '../../dashboards/dashboard-uids.ts';
import { dashboards } from '../../dashboards/grafana/dashboard-list.ts';
import { questionSql } from '../../dashboards/grafana/question-sql.ts';
import { knownSeries } from '../../dashboards/known-series.ts';
import { type DashboardJson, panelsOf } from '../../dashboards/lint/dashboard-json.ts';
import { dashboardFaults } from '../../dashboards/lint/lint.ts';
import { PROFILES } from '../../dashboards/rules/profile.ts';
import { alertRules, ruleGroups } from '../../dashboards/rules/rule-list.ts';
import { projectRoot } from '../../runtime/environment.ts';

const FOLDER = join(projectRoot, 'dashboards/generated/grafana');
const questions = new Map(
  readQuestions(join(projectRoot, 'clickhouse/questions')).map((question) => [question.name, question]),
);
const made = dashboards(questions);
const known = knownSeries(ruleGroups(PROFILES.production));
const plain = (uid: keyof typeof made) => JSON.parse(JSON.stringify(made[uid])) as DashboardJson;

describe.each(DASHBOARD_UIDS)('the dashboard %s', (uid) => {
  it('is the committed one: npm run generate', () => {
    expect(JSON.parse(readFileSync(join(FOLDER, `${uid}.json`), 'utf8'))).toEqual(plain(uid));
  });

  it('has no fault', () => {
    expect(plain(uid).uid).toBe(uid);
    expect(dashboardFaults(plain(uid), known)).toEqual([]);
  });
});

it('nothing else lies among the committed dashboards', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(DASHBOARD_UIDS.map((uid) => `${uid}.json`).sort());
});

it('every alert names a dashboard that exists', () => {
  const named = alertRules(PROFILES.production).flatMap(({ dashboard }) => dashboard ?? []);
  expect(named.filter((uid) => !DASHBOARD_UIDS.includes(uid))).toEqual([]);
});

it('every alert but the heartbeat and those on the watch itself is drawn: its series stand on the dashboard it names', () => {
  for (const { alert, dashboard } of alertRules(PROFILES.production)) {
    if (dashboard) expect(panelsOf(plain(dashboard)).length, alert).toBeGreaterThan(3);
  }
});

describe('the lint', () => {
  const healthy = plain('reelstream-overview');
  const broken = (change: (text: string) => string): DashboardJson =>
    JSON.parse(change(JSON.stringify(healthy)));
  const swap = (from: string | RegExp, to: string) => (text: string) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`nothing of ${from}`);
    return changed;
  };

  it.each<[string, (text: string) => string, RegExp]>([
    [
      'a metric that is not in the catalogue',
      swap(/consumer_event_delay_seconds_bucket/, 'consumer_event_age_seconds_bucket'),
      /no series reelstream_consumer_event_age/,
    ],
    [
      'a label that the metric has not',
      swap('reelstream_recon_source_events{topic=', 'reelstream_recon_source_events{topics='),
      /no label topics/,
    ],
    [
      'a label to group by that nothing has',
      swap('sum by (group) (rate', 'sum by (grp) (rate'),
      /a label grp/,
    ],
    ['a query that does not parse', swap('or vector(0)', 'or vector(0'), /is no PromQL/],
    [
      'a counter without a rate',
      swap(
        'sum(increase(reelstream_consumer_events_dead_lettered_total{topic=~\\"$topic\\"}[$__range]))',
        'sum(reelstream_consumer_events_dead_lettered_total)',
      ),
      /has no rate/,
    ],
    ['a window that does not follow the zoom', swap('[$__rate_interval]', '[5m]'), /5m is fixed/],
    ['a variable that is not defined', swap('$topic', '$subject'), /subject is not defined/],
    ['a panel without a unit', swap('"unit":"s",', ''), /needs a unit/],
    ['a panel that is silent about no data', swap('"noValue":"nothing yet",', ''), /no data/],
    ['a panel without a description', swap(/"description":"Pages[^"]*",/, ''), /title and a description/],
    ['a number without thresholds', swap(',{"value":1,"color":"red"}]', ']'), /nobody judges/],
    ['a fixed data source', (text) => text.replaceAll('$' + '{datasource}', 'x'), /source x is fixed/],
    ['a refId used twice', swap('"refId":"B"', '"refId":"A"'), /refId twice/],
    ['panels on top of each other', swap('"gridPos":{"h":8,"w":24', '"gridPos":{"h":30,"w":24'), /lies on/],
    ['a panel beyond the page', swap('"w":24', '"w":25'), /wider/],
    ['a dashboard that can be edited', swap('"editable":false', '"editable":true'), /can be edited/],
    [
      'a kind of panel that the console cannot draw',
      swap('"type":"stat"', '"type":"gauge"'),
      /does not draw gauge/,
    ],
    ['no alerts as annotations', swap('"name":"Alerts"', '"name":"Other"'), /mark alerts/],
  ])('finds %s', (_, change, fault) => {
    expect(dashboardFaults(broken(change), known).join('\n')).toMatch(fault);
  });

  it('finds SQL that waits for a value', () => {
    const text = JSON.stringify(plain('reelstream-genres')).replace(
      'SELECT minute AS time',
      'SELECT {x:UInt8}, minute AS time',
    );
    expect(dashboardFaults(JSON.parse(text), known).join('\n')).toMatch(/parameter without a value/);
  });
});

describe('the SQL of a question', () => {
  it('has values in place of every parameter, for every question that needs none', () => {
    for (const { name, parameters } of questions.values()) {
      if (parameters.some(({ defaultText }) => defaultText === null)) continue;
      expect(questionSql(questions, name), name).not.toMatch(/\{\w+:/);
    }
  });

  it('takes other values, and refuses names that the question does not know', () => {
    expect(questionSql(questions, 'trending', { window: '15m' })).toContain('900');
    expect(questionSql(questions, 'trending', { by: "it's" })).toContain("'it''s'");
    expect(() => questionSql(questions, 'trending', { windows: '15m' })).toThrow(/no parameter windows/);
    expect(() => questionSql(questions, 'movie')).toThrow(/has no value/);
    expect(() => questionSql(questions, 'nothing')).toThrow(/no question/);
  });
});
