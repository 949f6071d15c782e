import { join, resolve } from 'node:path';
import { alertmanagerConfig, type Receivers } from '../dashboards/alertmanager/config.ts';
import { PROFILES, type Profile } from '../dashboards/rules/profile.ts';
import { projectRoot } from '../runtime/environment.ts';
import type { Settings } from '../runtime/settings.ts';

export const alertProfile = (settings: Settings): Profile => PROFILES[settings.REELSTREAM_ALERT_PROFILE];

/** The committed rule file of the chosen profile. */
export function alertRuleFiles(settings: Settings): string[] {
  return [join(projectRoot, 'dashboards/generated/rules', `${alertProfile(settings).name}.yml`)];
}

/** Alertmanager's configuration with the receivers that the settings name. */
export function alertmanagerConfigFrom(settings: Settings): object {
  return alertmanagerConfig({
    profile: alertProfile(settings),
    receivers: receiversFrom(settings),
    sinkGroup: settings.REELSTREAM_SINK_GROUP,
  });
}

function receiversFrom(s: Settings): Receivers {
  const webhookToken = fileAt(s.REELSTREAM_ALERT_WEBHOOK_TOKEN_FILE);
  const password = fileAt(s.REELSTREAM_ALERT_SMTP_PASSWORD_FILE);
  const slackUrl = fileAt(s.REELSTREAM_ALERT_SLACK_URL_FILE);
  const webhook = {
    url: s.REELSTREAM_ALERT_WEBHOOK_URL,
    ...(webhookToken ? { tokenFile: webhookToken } : {}),
  };
  const email = {
    to: s.REELSTREAM_ALERT_EMAIL_TO,
    from: s.REELSTREAM_ALERT_EMAIL_FROM,
    smarthost: s.REELSTREAM_ALERT_SMTP_HOST,
    ...(s.REELSTREAM_ALERT_SMTP_USERNAME ? { username: s.REELSTREAM_ALERT_SMTP_USERNAME } : {}),
    ...(password ? { passwordFile: password } : {}),
  };
  return {
    ...(webhook.url ? { webhook } : {}),
    ...(email.to ? { email } : {}),
    ...(slackUrl ? { slack: { urlFile: slackUrl } } : {}),
    ...(s.REELSTREAM_ALERT_HEARTBEAT_URL ? { heartbeatUrl: s.REELSTREAM_ALERT_HEARTBEAT_URL } : {}),
  };
}

/** Alertmanager reads them from another folder than the one the setting was written in. */
const fileAt = (path: string): string | null => (path === '' ? null : resolve(path));
