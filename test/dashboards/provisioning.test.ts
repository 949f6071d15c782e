import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DASHBOARD_UIDS } from '../../dashboards/dashboard-uids.ts';
import { projectRoot } from '../../runtime/environment.ts';

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');
const yaml = <T>(path: string) => parse(read(path), { merge: true }) as T;

interface Source {
  name: string;
  uid: string;
  type: string;
  url?: string;
  editable: boolean;
  isDefault?: boolean;
  jsonData: Record<string, unknown>;
  secureJsonData?: Record<string, string>;
}
interface Compose {
  services: Record<string, { environment?: Record<string, string>; volumes?: string[] }>;
}

const { datasources } = yaml<{ datasources: Source[] }>('dashboards/provisioning/datasources/reelstream.yml');
const { providers } = yaml<{ providers: { allowUiUpdates: boolean; options: { path: string } }[] }>(
  'dashboards/provisioning/dashboards/reelstream.yml',
);
const compose = yaml<Compose>('docker-compose.yml');
const grafana = compose.services.grafana!;
const mounts = new Map(
  (grafana.volumes ?? []).map((volume) => {
    const [from = '', to = ''] = volume.split(':');
    return [to, from];
  }),
);

describe("Grafana's provisioning", () => {
  it('has the data sources that the dashboards choose from, one of them the default', () => {
    const asked = DASHBOARD_UIDS.flatMap((uid) => {
      const text = read(`dashboards/generated/grafana/${uid}.json`);
      const { templating } = JSON.parse(text) as { templating: { list: { type: string; query: string }[] } };
      return templating.list.flatMap(({ type, query }) => (type === 'datasource' ? [query] : []));
    });
    const types = datasources.map(({ type }) => type);
    expect([...new Set(asked)].filter((type) => !types.includes(type))).toEqual([]);
    expect(datasources.filter(({ isDefault }) => isDefault).map(({ uid }) => uid)).toEqual(['prometheus']);
    expect(new Set(datasources.map(({ uid }) => uid)).size).toBe(datasources.length);
  });

  it('reaches services of compose by their names', () => {
    const hosts = datasources.map(({ url, jsonData }) =>
      url ? new URL(url).hostname : String(jsonData.host),
    );
    expect(hosts.filter((host) => !(host in compose.services))).toEqual([]);
  });

  it('knows how often Prometheus scrapes', () => {
    const { global } = yaml<{ global: { scrape_interval: string } }>('embedded/compose/prometheus.yml');
    const prometheus = datasources.find(({ uid }) => uid === 'prometheus')!;
    expect(prometheus.jsonData.timeInterval).toBe(global.scrape_interval);
  });

  it('reads ClickHouse as the user that may only read, with a password that compose hands it', () => {
    const { jsonData, secureJsonData } = datasources.find(({ uid }) => uid === 'clickhouse')!;
    const users = read('embedded/compose/clickhouse-users.xml');
    expect(users).toMatch(new RegExp(`<${jsonData.username}>[\\s\\S]*<profile>reader</profile>`));
    const variable = secureJsonData!.password!.replace(/^\$/, '');
    expect(secureJsonData!.password).toMatch(/^\$REELSTREAM_/);
    expect(grafana.environment).toHaveProperty(variable);
    expect(compose.services.clickhouse!.environment![variable]).toBe(grafana.environment![variable]);
  });

  it('finds its files, the dashboards and the home dashboard where compose mounts them', () => {
    expect(mounts.get('/etc/grafana/provisioning')).toBe('./dashboards/provisioning');
    const folder = mounts.get(providers[0]!.options.path)!;
    expect(folder).toBe('./dashboards/generated/grafana');
    const home = grafana.environment!.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH!;
    expect(existsSync(join(projectRoot, home.replace(providers[0]!.options.path, folder)))).toBe(true);
  });

  it('lets nobody edit what the next start would undo', () => {
    expect(providers.every(({ allowUiUpdates }) => !allowUiUpdates)).toBe(true);
    expect(datasources.every(({ editable }) => !editable)).toBe(true);
  });
});
