import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DASHBOARD_UIDS } from '../../dashboards/dashboard-uids.ts';
import { type DashboardJson, panelsOf } from '../../dashboards/lint/dashboard-json.ts';
import { expandMacros } from '../../dashboards/sql-macros.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { startTestClickHouse, type TestClickHouse } from '../helpers/clickhouse-server.ts';
import { runProgram } from '../helpers/program.ts';

let server: TestClickHouse;
beforeAll(async () => {
  server = await startTestClickHouse();
  const { code, stderr } = await runProgram(['migrate'], { REELSTREAM_CLICKHOUSE_URL: server.url });
  expect(code, stderr).toBe(0);
});
afterAll(() => server.stop());

const nowSeconds = Math.floor(Date.now() / 1_000);
const span = { fromSeconds: nowSeconds - 3_600, toSeconds: nowSeconds };

const asked = DASHBOARD_UIDS.flatMap((uid) => {
  const file = join(projectRoot, `dashboards/generated/grafana/${uid}.json`);
  const dashboard = JSON.parse(readFileSync(file, 'utf8')) as DashboardJson;
  return panelsOf(dashboard).flatMap(({ title, targets = [] }) =>
    targets.flatMap(({ rawSql }) => (rawSql ? [{ panel: `${uid}: ${title}`, sql: rawSql }] : [])),
  );
});

it.each(asked)('$panel: ClickHouse takes its query', async ({ sql }) => {
  const answer = await fetch(`${server.url}/?database=reelstream&default_format=JSONCompact`, {
    method: 'POST',
    body: expandMacros(sql, span),
  });
  expect(answer.status, (await answer.text()).slice(0, 800)).toBe(200);
});
