import { ReelstreamError } from '../core/errors.ts';
import { SETTINGS, type SettingName, type Settings } from './settings-list.ts';

export type { SettingName, Settings };

export type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = Object.keys(SETTINGS) as SettingName[];
/** Read by the test suites alone, so that they may stand in the same environment. */
const TEST_PREFIX = 'REELSTREAM_TEST_';
/** Letters to change until a name is another one: what may have been meant, and what can only be a slip. */
const LIKELY_DISTANCE = 6;
const SLIP_DISTANCE = 2;

/**
 * Text of the environment -> typed settings. All faults are reported at once, before any socket is opened;
 * an unknown REELSTREAM_ name is a fault, because a misspelt setting that is silently ignored is worse.
 * @throws ReelstreamError `settings`
 */
export function readSettings(environment: Environment): Settings {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of NAMES) {
    const raw = environment[name];
    const outcome = SETTINGS[name].schema.safeParse(
      raw === undefined || raw === '' ? defaultOf(name, environment) : raw.trim(),
    );
    if (outcome.success) values[name] = outcome.data;
    else faults.push(`${name}: ${outcome.error.issues[0]?.message ?? 'not valid'}${shown(name, raw)}`);
  }
  faults.push(...Object.keys(environment).flatMap(unknownNameFaults));
  if (faults.length === 0) faults.push(...crossFaults(values as Settings));
  if (faults.length > 0) {
    throw new ReelstreamError(
      'settings',
      `settings are not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    );
  }
  return Object.freeze(values) as Settings;
}

/** Names that only this project's programs read, the test suites' own left out. */
export function isSettingName(name: string): boolean {
  return /^(REELSTREAM|MOVIES_MATCH)_/.test(name) && !name.startsWith(TEST_PREFIX);
}

/** A default may build upon another setting, of which only a valid value counts: one fault is enough. */
function defaultOf(name: SettingName, environment: Environment): string {
  return SETTINGS[name].default.replaceAll(/\{(\w+)\}/g, (_, other: SettingName) => {
    const raw = environment[other]?.trim();
    return raw && SETTINGS[other].schema.safeParse(raw).success ? raw : SETTINGS[other].default;
  });
}

function unknownNameFaults(name: string): string[] {
  if (name in SETTINGS || !isSettingName(name)) return [];
  const own = name.startsWith('REELSTREAM_');
  const near = nearest(name, own ? LIKELY_DISTANCE : SLIP_DISTANCE);
  // other programs keep settings under that prefix too: there only a slip is refused
  if (!own && !near) return [];
  return [`${name}: no such setting${near ? `; did you mean ${near}?` : ''}`];
}

/** What stands before an @ in an address is a user with a password. */
function shown(name: SettingName, raw: string | undefined): string {
  if (SETTINGS[name].secret || raw === undefined) return '';
  return ` (is "${raw.replace(/^.*@/s, '(secret)@')}")`;
}

function crossFaults(s: Settings): string[] {
  const faults: string[] = [];
  if (s.REELSTREAM_SINK_FLUSH_MIN_INTERVAL_MS > s.REELSTREAM_SINK_FLUSH_MAX_INTERVAL_MS) {
    faults.push(
      'REELSTREAM_SINK_FLUSH_MIN_INTERVAL_MS: must not be above REELSTREAM_SINK_FLUSH_MAX_INTERVAL_MS',
    );
  }
  if (s.REELSTREAM_SINK_DRAIN_TIMEOUT_MS >= s.REELSTREAM_SINK_REBALANCE_TIMEOUT_MS) {
    faults.push('REELSTREAM_SINK_DRAIN_TIMEOUT_MS: must be below REELSTREAM_SINK_REBALANCE_TIMEOUT_MS');
  }
  if (s.REELSTREAM_KAFKA_SASL_MECHANISM !== 'none' && s.REELSTREAM_KAFKA_SASL_USERNAME === '') {
    faults.push('REELSTREAM_KAFKA_SASL_USERNAME: is needed with REELSTREAM_KAFKA_SASL_MECHANISM');
  }
  if (s.REELSTREAM_KAFKA_TLS_CA_FILE !== '' && !s.REELSTREAM_KAFKA_TLS) {
    faults.push('REELSTREAM_KAFKA_TLS_CA_FILE: is of use only with REELSTREAM_KAFKA_TLS=true');
  }
  if (s.MOVIES_MATCH_EXISTING_USERS_FIRST_ID > s.MOVIES_MATCH_EXISTING_USERS_LAST_ID) {
    faults.push(
      'MOVIES_MATCH_EXISTING_USERS_FIRST_ID: must not be above MOVIES_MATCH_EXISTING_USERS_LAST_ID',
    );
  }
  if (s.MOVIES_MATCH_NEW_USERS_FIRST_ID > s.MOVIES_MATCH_NEW_USERS_LAST_ID) {
    faults.push('MOVIES_MATCH_NEW_USERS_FIRST_ID: must not be above MOVIES_MATCH_NEW_USERS_LAST_ID');
  }
  if (s.REELSTREAM_ALERT_EMAIL_TO !== '') {
    for (const name of ['REELSTREAM_ALERT_EMAIL_FROM', 'REELSTREAM_ALERT_SMTP_HOST'] as const) {
      if (s[name] === '') faults.push(`${name}: must not be empty when REELSTREAM_ALERT_EMAIL_TO is set`);
    }
  }
  return faults;
}

function nearest(name: string, withinDistance: number): SettingName | undefined {
  const scored = NAMES.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }));
  const best = scored.sort((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= withinDistance ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** `docs/settings.md`, generated so that it cannot go stale (a test compares). */
export function settingsPage(): string {
  const rows = NAMES.map((name) => {
    const { default: fallback, range, help, secret } = SETTINGS[name];
    const value = secret ? '(secret)' : fallback === '' ? '(empty)' : `\`${fallback}\``;
    return `| \`${name}\` | ${value} | ${range} | ${help} |`;
  });
  return [
    '# Settings',
    '',
    'Generated from `runtime/settings-list.ts` by `npm run generate`. Read from the environment, and from `.env`',
    'in the folder the command is started in; the environment wins. An unknown `REELSTREAM_` name is refused. In a default',
    '`{NAME}` stands for the value of that setting. Any `MOVIES_MATCH_` name that is set makes `produce` behave as',
    'MoviesMatchDataGenerator: see [the load simulator](load-simulator.md).',
    '',
    '| name | default | range | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
