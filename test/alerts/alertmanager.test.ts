import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertmanagerConfigFrom } from '../../cli/alerting.ts';
import { alertmanagerConfig, type Receivers } from '../../dashboards/alertmanager/config.ts';
import { inhibitions } from '../../dashboards/alertmanager/inhibitions.ts';
import { PROFILES } from '../../dashboards/rules/profile.ts';
import { alertRules } from '../../dashboards/rules/rule-list.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { readSettings } from '../../runtime/settings.ts';
import { amtool, runTool } from './promtool.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { GROUPS } from './world.ts';

const SINK_GROUP = GROUPS.sink;
const EVERYBODY = {
  REELSTREAM_ALERT_WEBHOOK_URL: 'http://127.0.0.1:9/alerts',
  REELSTREAM_ALERT_WEBHOOK_TOKEN_FILE: '/run/secrets/token',
  REELSTREAM_ALERT_EMAIL_TO: 'night@example.org',
  REELSTREAM_ALERT_EMAIL_FROM: 'reelstream@example.org',
  REELSTREAM_ALERT_SMTP_HOST: 'mail.example.org:587',
  REELSTREAM_ALERT_SMTP_USERNAME: 'reelstream',
  REELSTREAM_ALERT_SMTP_PASSWORD_FILE: '/run/secrets/mail',
  REELSTREAM_ALERT_SLACK_URL_FILE: '/run/secrets/slack',
  REELSTREAM_ALERT_HEARTBEAT_URL: 'http://127.0.0.1:9/alive',
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-alertmanager-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const configured = (environment: Record<string, string>) => alertmanagerConfigFrom(readSettings(environment));
function written(config: object): string {
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(file, JSON.stringify(config));
  return file;
}
const receiverOf = (file: string, ...labels: string[]) =>
  runTool(amtool!, ['config', 'routes', 'test', `--config.file=${file}`, ...labels]).answer;

describe('the configuration of Alertmanager', () => {
  it('is the committed one when nobody is named: npm run generate', () => {
    const committed = parse(readFileSync(join(projectRoot, 'dashboards/generated/alertmanager.yml'), 'utf8'));
    expect(committed).toEqual(configured({}));
  });

  it.each([
    ['nobody', {}],
    ['everybody', EVERYBODY],
    ['everybody, in the demo profile', { ...EVERYBODY, REELSTREAM_ALERT_PROFILE: 'demo' }],
  ])('is accepted with %s to tell', (_, environment) => {
    const { code, text } = runTool(amtool!, ['check-config', written(configured(environment))]);
    expect(code, text).toBe(0);
  });

  it.each([
    ['severity=heartbeat', 'heartbeat'],
    ['severity=page', 'page'],
    ['severity=ticket', 'ticket'],
    ['severity=unheard', 'nobody'],
  ])('sends %s to %s', (label, receiver) => {
    expect(receiverOf(written(configured(EVERYBODY)), label, 'alertname=X')).toBe(receiver);
  });

  it('tells pages and tickets to every destination, and holds names of secret files alone', () => {
    const { receivers } = configured(EVERYBODY) as { receivers: Record<string, unknown>[] };
    for (const name of ['page', 'ticket']) {
      const receiver = receivers.find((one) => one.name === name)!;
      expect(Object.keys(receiver)).toEqual(['name', 'webhook_configs', 'email_configs', 'slack_configs']);
    }
    const text = JSON.stringify(receivers);
    expect(text.match(/"\w*(password|credentials|api_url|token)\w*":/g)).toEqual(
      expect.arrayContaining(['"credentials_file":', '"auth_password_file":', '"api_url_file":']),
    );
    expect(text).not.toMatch(/"(\w*password|credentials|api_url|token)":/);
  });

  it('refuses mail without a sender or a server', () => {
    expect(() => readSettings({ REELSTREAM_ALERT_EMAIL_TO: 'a@example.org' })).toThrow(/SMTP_HOST/);
  });

  it('would be refused by amtool with a receiver that is not there', () => {
    const config = alertmanagerConfig({
      profile: PROFILES.production,
      receivers: {} satisfies Receivers,
      sinkGroup: SINK_GROUP,
    }) as { receivers: object[] };
    const broken = { ...config, receivers: config.receivers.slice(1) };
    expect(runTool(amtool!, ['check-config', written(broken)]).code).not.toBe(0);
  });
});

describe('inhibition', () => {
  const alerts = alertRules(PROFILES.production);
  const names = new Set(alerts.map(({ alert }) => alert));
  const rules = inhibitions(SINK_GROUP);

  it('speaks of alerts that exist', () => {
    const spoken = rules.flatMap(({ cause, quiets }) => [...cause.alertname, ...quiets.alertname]);
    expect(spoken.filter((name) => !names.has(name))).toEqual([]);
  });

  it('never quiets the end of a process or a loss', () => {
    const quieted = rules.flatMap(({ quiets }) => quiets.alertname);
    const never = ['PipelineTargetDown', 'SourceSinkMismatch', 'ConsumerPartitionHalted', 'Watchdog'];
    expect(never.filter((name) => quieted.includes(name))).toEqual([]);
  });

  it('quiets nothing in a circle', () => {
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      rules
        .filter(
          ({ cause, quiets }) =>
            cause.alertname.includes(from) && quiets.alertname.some((one) => one !== from),
        )
        .flatMap(({ quiets }) => quiets.alertname)
        .some((one) => one === to || (!seen.has(one) && reaches(one, to, seen.add(one))));
    expect([...names].filter((name) => reaches(name, name))).toEqual([]);
  });

  /** By name: what else must match is Alertmanager's business, and shown by drills on a running stack. */
  const quieted = (name: string, firing: readonly string[]) =>
    rules.some(
      ({ cause, quiets }) =>
        quiets.alertname.includes(name) &&
        firing.some((other) => other !== name && cause.alertname.includes(other)),
    );

  it.each(
    SCENARIOS.filter(({ fires }) => Object.keys(fires).length > 1).map(
      ({ name, fires }) => [name, Object.keys(fires)] as const,
    ),
  )('leaves one alert of: %s', (_, firing) => {
    expect(firing.filter((name) => !quieted(name, firing))).toHaveLength(1);
  });
});
