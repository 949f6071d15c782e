import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../runtime/environment.ts';
import { readSettings, settingsPage } from '../../runtime/settings.ts';
import { SETTINGS } from '../../runtime/settings-list.ts';

describe('settings', () => {
  it('has defaults that are themselves valid', () => {
    const settings = readSettings({});
    expect(settings.REELSTREAM_KAFKA_BROKERS).toEqual(['127.0.0.1:9092']);
    expect(settings.REELSTREAM_SINK_FLUSH_MIN_INTERVAL_MS).toBe(250);
  });

  it('reports all faults at once, with name, reason and value', () => {
    const read = () =>
      readSettings({
        REELSTREAM_KAFKA_PORT: '0',
        REELSTREAM_CLICKHOUSE_URL: 'localhost',
        REELSTREAM_LOG_LEVEL: 'loud',
      });
    expect(read).toThrow(/REELSTREAM_KAFKA_PORT: must be from 1 to 65535 \(is "0"\)/);
    expect(read).toThrow(/REELSTREAM_CLICKHOUSE_URL: must be an http/);
    expect(read).toThrow(/REELSTREAM_LOG_LEVEL/);
  });

  it('takes the addresses of the embedded parts from their ports, unless they are given', () => {
    const ports = {
      REELSTREAM_KAFKA_PORT: '1001',
      REELSTREAM_REGISTRY_PORT: '1002',
      REELSTREAM_CLICKHOUSE_PORT: ' 1003 ',
    };
    expect(readSettings(ports)).toMatchObject({
      REELSTREAM_KAFKA_BROKERS: ['127.0.0.1:1001'],
      REELSTREAM_REGISTRY_URL: 'http://127.0.0.1:1002/apis/ccompat/v7',
      REELSTREAM_CLICKHOUSE_URL: 'http://127.0.0.1:1003',
    });
    const given = {
      REELSTREAM_KAFKA_BROKERS: 'kafka:19092',
      REELSTREAM_CLICKHOUSE_URL: 'http://clickhouse:8123',
    };
    expect(readSettings({ ...ports, ...given })).toMatchObject({
      REELSTREAM_KAFKA_BROKERS: ['kafka:19092'],
      REELSTREAM_CLICKHOUSE_URL: 'http://clickhouse:8123',
    });
  });

  it('reports a bad port once, not again for the address that is made of it', () => {
    const read = () => readSettings({ REELSTREAM_CLICKHOUSE_PORT: 'x' });
    expect(read).toThrow(
      'settings are not valid:\n  REELSTREAM_CLICKHOUSE_PORT: must be a whole number (is "x")',
    );
    expect(read).not.toThrow(/_URL/);
  });

  it.each([
    ['REELSTREAM_CLICKHOUSE_URL', 'http://u:secretpw@db:8123'],
    ['REELSTREAM_CLICKHOUSE_URL', 'http://u:secret/secretpw@db'],
    ['REELSTREAM_REGISTRY_URL', 'u:secretpw@registry:8081'],
    ['REELSTREAM_KAFKA_BROKERS', 'kafka:9092,u:secretpw@kafka:9093'],
  ])('refuses a password in %s without repeating it', (name, value) => {
    const read = () => readSettings({ [name]: value });
    expect(read).toThrow(new RegExp(`${name}: must .*\\(secret\\)@`));
    expect(read).not.toThrow(/secret(pw|\/)/);
  });

  it('refuses brokers that are no host and port, and a query in an address', () => {
    expect(() => readSettings({ REELSTREAM_KAFKA_BROKERS: 'kafka' })).toThrow(/host:port/);
    expect(() => readSettings({ REELSTREAM_CLICKHOUSE_URL: 'http://db:8123/?password=x' })).toThrow(/query/);
  });

  it('builds defaults upon settings that there are', () => {
    const named = Object.values(SETTINGS).flatMap((spec) =>
      [...spec.default.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
    );
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !(name! in SETTINGS))).toEqual([]);
  });

  it('refuses an unknown name and suggests the nearest', () => {
    expect(() => readSettings({ REELSTREAM_SINK_GRUP: 'x' })).toThrow(/did you mean REELSTREAM_SINK_GROUP/);
  });

  it('leaves names alone that belong to the test suites or to others', () => {
    expect(() => readSettings({ REELSTREAM_TEST_CLICKHOUSE_URL: 'x', PATH: '/bin' })).not.toThrow();
  });

  it('refuses slips in the MOVIES_MATCH_ names, and leaves names of other programs under that prefix alone', () => {
    const slip = { MOVIES_MATCH_EXISTING_USER_FIRST_ID: '5' };
    expect(() => readSettings(slip)).toThrow(/did you mean MOVIES_MATCH_EXISTING_USERS_FIRST_ID/);
    expect(() => readSettings({ MOVIES_MATCH_KAFKA_TOPIC: 'ratings' })).not.toThrow();
  });

  it('checks limits against each other', () => {
    const flush = {
      REELSTREAM_SINK_FLUSH_MIN_INTERVAL_MS: '5000',
      REELSTREAM_SINK_FLUSH_MAX_INTERVAL_MS: '1000',
    };
    expect(() => readSettings(flush)).toThrow(/must not be above/);
    const authorities = { REELSTREAM_KAFKA_TLS_CA_FILE: 'ca.pem' };
    expect(() => readSettings(authorities)).toThrow(/CA_FILE: is of use only with REELSTREAM_KAFKA_TLS=true/);
    const users = { MOVIES_MATCH_NEW_USERS_FIRST_ID: '300301' };
    expect(() => readSettings(users)).toThrow(/NEW_USERS_FIRST_ID: must not be above MOVIES_MATCH_NEW_USERS/);
    const ids = { MOVIES_MATCH_EXISTING_USERS_LAST_ID: '10', MOVIES_MATCH_EXISTING_USERS_FIRST_ID: '11' };
    expect(() => readSettings(ids)).toThrow(/EXISTING_USERS_FIRST_ID: must not be above/);
    const drain = { REELSTREAM_SINK_DRAIN_TIMEOUT_MS: '60000' };
    expect(() => readSettings(drain)).toThrow(/must be below REELSTREAM_SINK_REBALANCE_TIMEOUT_MS/);
  });

  it('keeps docs/settings.md current', () => {
    expect(readFileSync(join(projectRoot, 'docs', 'settings.md'), 'utf8')).toBe(settingsPage());
  });

  it('marks everything that sounds secret as secret', () => {
    const loose = Object.entries(SETTINGS).filter(
      // the name of a file that holds one is none
      ([name, spec]) => /PASSWORD|SECRET|TOKEN|KEY$/.test(name) && !/_FILE$/.test(name) && !spec.secret,
    );
    expect(loose.map(([name]) => name)).toEqual([]);
  });
});
