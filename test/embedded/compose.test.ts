import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

  it.each(own)(
    '%s: runs a command that exists, with settings that are valid',
    (_, { command, environment }) => {
      expect(COMMANDS.map(({ name }) => name)).toContain(command![0]);
      const given = Object.entries(environment!).map(([name, value]) => [name, filledIn(value)]);
      expect(() => readSettings(Object.fromEntries(given))).not.toThrow();
    },
  );

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

describe('Dockerfile', () => {
  it('builds and runs on one Node that the project supports', () => {
    const images = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!);
    expect(new Set(images).size).toBe(1);
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    expect(isAtLeast(parseVersion(images[0]!)!, parseVersion(engines.node)!)).toBe(true);
  });
});
