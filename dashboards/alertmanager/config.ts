import type { Profile, Span } from '../rules/profile.ts';
import { windowsOf } from '../rules/profile.ts';
import { inhibitions, type Matchers } from './inhibitions.ts';

/**
 * Who is told. What is missing is left out; with nothing at all, alerts stand on Alertmanager's page and nobody is called.
 * Secrets are names of files that Alertmanager reads itself: they never pass through here.
 */
export interface Receivers {
  readonly webhook?: { readonly url: string; readonly tokenFile?: string };
  readonly email?: {
    readonly to: string;
    readonly from: string;
    /** host:port */
    readonly smarthost: string;
    readonly username?: string;
    readonly passwordFile?: string;
  };
  readonly slack?: { readonly urlFile: string };
  /** is called again and again while all is well: a service that calls you when it stays away */
  readonly heartbeatUrl?: string;
}

export interface AlertmanagerConfigOptions {
  readonly profile: Profile;
  readonly receivers: Receivers;
  /** consumer group of the sink */
  readonly sinkGroup: string;
}

/** Alerts of one fault come as one notification. */
const GROUP_BY = ['alertname', 'topic', 'table', 'job'];

/** Alertmanager's configuration, ready for a YAML (or JSON) writer. */
export function alertmanagerConfig({ profile, receivers, sinkGroup }: AlertmanagerConfigOptions): object {
  const { d } = windowsOf(profile);
  const timing = (wait: Span, interval: Span, repeat: Span) => ({
    group_wait: d(wait),
    group_interval: d(interval),
    repeat_interval: d(repeat),
  });
  const told = destinations(receivers);
  return {
    route: {
      receiver: 'nobody',
      group_by: GROUP_BY,
      ...timing('30s', '5m', '4h'),
      routes: [
        { matchers: ['severity = "heartbeat"'], receiver: 'heartbeat', ...timing('0s', '1m', '5m') },
        { matchers: ['severity = "page"'], receiver: 'page', ...timing('30s', '5m', '4h') },
        { matchers: ['severity = "ticket"'], receiver: 'ticket', ...timing('5m', '30m', '24h') },
      ],
    },
    inhibit_rules: inhibitions(sinkGroup).map(({ cause, quiets, equal }) => ({
      source_matchers: matchersOf(cause),
      target_matchers: matchersOf(quiets),
      ...(equal ? { equal } : {}),
    })),
    receivers: [
      { name: 'nobody' },
      {
        name: 'heartbeat',
        ...(receivers.heartbeatUrl
          ? { webhook_configs: [{ url: receivers.heartbeatUrl, send_resolved: false }] }
          : {}),
      },
      { name: 'page', ...told },
      { name: 'ticket', ...told },
    ],
  };
}

function destinations({ webhook, email, slack }: Receivers): object {
  return {
    ...(webhook ? { webhook_configs: [webhookConfig(webhook)] } : {}),
    ...(email ? { email_configs: [emailConfig(email)] } : {}),
    ...(slack ? { slack_configs: [slackConfig(slack)] } : {}),
  };
}

function webhookConfig({ url, tokenFile }: NonNullable<Receivers['webhook']>): object {
  const authorization = { http_config: { authorization: { credentials_file: tokenFile } } };
  return { url, send_resolved: true, ...(tokenFile ? authorization : {}) };
}

function emailConfig(email: NonNullable<Receivers['email']>): object {
  const { to, from, smarthost, username, passwordFile } = email;
  return {
    to,
    from,
    smarthost,
    send_resolved: true,
    ...(username ? { auth_username: username } : {}),
    ...(passwordFile ? { auth_password_file: passwordFile } : {}),
    headers: { Subject: `[{{ .Status }}] {{ .CommonLabels.severity }}: {{ .GroupLabels.alertname }}` },
  };
}

/** Reason first, then what to do: the reader may be half asleep. */
function slackConfig({ urlFile }: NonNullable<Receivers['slack']>): object {
  return {
    api_url_file: urlFile,
    send_resolved: true,
    title: '[{{ .Status }}] {{ .GroupLabels.alertname }}',
    text: '{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.runbook }}\n{{ end }}',
  };
}

/** Values are regular expressions only where one is meant. */
function matchersOf(matchers: Matchers): string[] {
  return Object.entries(matchers).map(([label, values]) => {
    const [only] = values;
    return values.length === 1 && !/[.*+|]/.test(only!)
      ? `${label} = "${only}"`
      : `${label} =~ "${values.join('|')}"`;
  });
}
