import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS } from '../../cli/commands.ts';
import { serviceTargets } from '../../cli/stack.ts';
import { partTargets } from '../../embedded/stack-plan.ts';
import { readSettings } from '../../runtime/settings.ts';
import { SETTINGS } from '../../runtime/settings-list.ts';
import { isAtLeast, parseVersion } from '../../scripts/setup/facts.mjs';

interface Service {
  image: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
}

const ROOT = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
const services = Object.entries(compose.services);
const own = services.filter(([, service]) => service.build);
const tagOf = (name: string) => compose.services[name]!.image.split(':')[1]!;
/** The value compose puts in when .env says nothing. */
const filledIn = (value: string | number) => String(value).replace(/\$\{\w+:-([^}]*)\}/g, '$1');

/** What a service waits for, also through others, by how it waits. */
function waitsFor(name: string, condition: string): string[] {
  const needs = Object.entries(compose.services[name]!.depends_on ?? {});
  return needs.flatMap(([other, need]) => [
    ...(need.condition === condition ? [other] : []),
    ...waitsFor(other, condition),
  ]);
}

/** Throws what a person would be told; nothing is run. */
async function parseAsOurs([name, ...args]: readonly string[]): Promise<void> {
  const entry = COMMANDS.find((one) => one.name === name);
  if (!entry) throw new Error(`no command ${name}`);
  const command = new Command(entry.usage ? `${name} ${entry.usage}` : name).exitOverride();
  command.configureOutput({ writeErr: () => {} });
  (await entry.load()).configure(command);
  for (const one of [command, ...command.commands]) one.action(() => {});
  await command.parseAsync(args, { from: 'user' });
}

describe('docker-compose.yml', () => {
  it.each(services)('%s: a pinned image', (_, { image }) => {
    expect(image).toMatch(/:v?\d+\.\d+/);
  });

  it('runs the versions that the embedded stack runs', () => {
    const pom = read('pom.xml');
    expect(pom).toContain(`<kafka.version>${tagOf('kafka')}</kafka.version>`);
    expect(pom).toContain(`<registry.version>${tagOf('registry')}</registry.version>`);
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version: string }> };
    const engine = lock.packages['node_modules/@chdb/lib-linux-x64-gnu']!.version;
    expect(engine.split('.').slice(0, 2).join('.')).toBe(tagOf('clickhouse'));
  });

  it.each(services)('%s: publishes ports on loopback only', (_, { ports = [] }) => {
    for (const port of ports) expect(filledIn(port)).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(services)(
    '%s: waits for services that exist and can say that they are ready',
    (_, { depends_on = {} }) => {
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(compose.services, name).toHaveProperty(name);
        if (condition === 'service_healthy') expect(compose.services[name]!.healthcheck, name).toBeDefined();
      }
    },
  );

  it.each(services)('%s: mounts files that exist and volumes that are declared', (_, { volumes = [] }) => {
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('./')) expect(existsSync(join(ROOT, source)), source).toBe(true);
      else expect(compose.volumes).toHaveProperty(source);
    }
  });

  it.each(own)('%s: runs a command line that our own parser takes', async (_, { command }) => {
    await parseAsOurs(command!);
  });

  it('would show a command line that it does not take', async () => {
    await expect(parseAsOurs(['migrate', '--topic'])).rejects.toThrow(/unknown option/);
    await expect(parseAsOurs(['catalog', 'load'])).rejects.toThrow(/missing required argument/);
    await expect(parseAsOurs(['sinks'])).rejects.toThrow(/no command sinks/);
  });

  it.each(own)('%s: has settings that are valid', (_, { environment }) => {
    const given = Object.entries(environment!).map(([name, value]) => [name, filledIn(value)]);
    expect(() => readSettings(Object.fromEntries(given))).not.toThrow();
  });

  it.each(['sink', 'producer'])('%s waits for tables, topics and the catalogue', (name) => {
    const done = waitsFor(name, 'service_completed_successfully').map(
      (one) => compose.services[one]!.command,
    );
    expect(done).toContainEqual(['migrate', '--topics']);
    expect(done).toContainEqual(['catalog', 'load', 'data']);
    expect(waitsFor(name, 'service_healthy')).toEqual(
      expect.arrayContaining(['kafka', 'registry', 'clickhouse']),
    );
  });

  it('keeps the producer’s position in a volume that its user may write', () => {
    const home = /^ENV REELSTREAM_HOME=(\S+)$/m.exec(read('Dockerfile'))?.[1];
    expect(compose.services.producer!.volumes).toEqual([
      expect.stringMatching(new RegExp(`^[a-z-]+:${home}$`)),
    ]);
    // and nothing moves the home elsewhere
    expect(compose.services.producer!.environment).not.toHaveProperty('REELSTREAM_HOME');
  });

  it('asks .env for nothing that is not a setting', () => {
    const names = [...text.matchAll(/REELSTREAM_[A-Z_]*[A-Z]/g)].map(([name]) => name);
    expect([...new Set(names)].filter((name) => !(name in SETTINGS))).toEqual([]);
  });

  it('Prometheus has the jobs of the embedded stack', () => {
    const config = parse(read('embedded/compose/prometheus.yml')) as {
      scrape_configs: { job_name: string }[];
    };
    const zero = { kafka: 0, kafkaController: 0, registry: 0, clickhouse: 0, prometheus: 0, alertmanager: 0 };
    const embedded = [...partTargets(zero), ...serviceTargets(readSettings({}))].map(({ job }) => job);
    expect(config.scrape_configs.map(({ job_name }) => job_name)).toEqual(embedded);
  });

  const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
  it.runIf(hasCompose)('is accepted by docker compose', () => {
    execFileSync('docker', ['compose', 'config', '--quiet'], { cwd: ROOT });
  });
});

describe('users of the stock ClickHouse', () => {
  const users = read('embedded/compose/clickhouse-users.xml');
  const { environment = {} } = compose.services.clickhouse!;
  const userOf = (name: string) =>
    new RegExp(`<users>[\\s\\S]*<${name}>([\\s\\S]*?)</${name}>`).exec(users)?.[1] ?? '';

  it('has the one that dictionaries read as, without a password and from inside alone', () => {
    const sources = read('clickhouse/ddl/001_catalogue.sql').match(/SOURCE\(CLICKHOUSE\(.*/g)!;
    expect(sources.filter((source) => /\b(USER|HOST)\b/i.test(source))).toEqual([]);
    expect([...userOf('default').matchAll(/<ip>([^<]+)/g)].map(([, ip]) => ip)).toEqual(['127.0.0.1', '::1']);
    expect(userOf('default')).toContain('<networks replace="replace">');
    expect(userOf('default')).not.toContain('password');
  });

  it("keeps the image's own set-up from removing it", () => {
    const names = Object.keys(environment).filter((name) => name.startsWith('CLICKHOUSE_'));
    expect(names).toEqual(['CLICKHOUSE_SKIP_USER_SETUP']);
    expect(environment.CLICKHOUSE_SKIP_USER_SETUP).toBe(1);
  });

  it('has the one our services log in as, and the one for questions, with passwords that the server is given', () => {
    const name = String(compose.services.sink!.environment!.REELSTREAM_CLICKHOUSE_USERNAME);
    expect(userOf(name)).toContain('<password from_env="REELSTREAM_CLICKHOUSE_PASSWORD"/>');
    expect(userOf('reader')).toContain('<profile>reader</profile>');
    const asked = [...users.matchAll(/from_env="([^"]+)"/g)].map(([, variable]) => variable);
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(asked));
    const { REELSTREAM_CLICKHOUSE_PASSWORD: password } = compose.services.sink!.environment!;
    expect(environment.REELSTREAM_CLICKHOUSE_PASSWORD).toBe(password);
  });
});

describe('Dockerfile', () => {
  it('gives its user one folder to write in', () => {
    const lines = read('Dockerfile').split('\n');
    const own = lines.indexOf('RUN mkdir $REELSTREAM_HOME && chown node:node $REELSTREAM_HOME');
    expect(own).toBeGreaterThan(0);
    expect(own).toBeLessThan(lines.indexOf('USER node'));
  });

  it('builds and runs on one Node that the project supports', () => {
    const images = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!);
    expect(new Set(images).size).toBe(1);
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    expect(isAtLeast(parseVersion(images[0]!)!, parseVersion(engines.node)!)).toBe(true);
  });
});
