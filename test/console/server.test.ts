import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { consoleFiles } from '../../cli/console/page-files.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { readBoards } from '../../console/server/boards.ts';
import { createConsole } from '../../console/server/create-console.ts';
import { readRunbooks } from '../../console/server/runbooks.ts';
import { pagePolicy } from '../../console/server/static-files.ts';
import { promqlAlternatives } from '../../console/server/variables.ts';
import { silentLogger } from '../../core/logger.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { isOwnHost } from '../../runtime/own-host.ts';

const NOW_MS = 1_700_000_000_000;
const boards = readBoards(join(projectRoot, 'dashboards/generated/grafana'));

/** What the other servers were asked. */
let asked: { path: string; body: string; headers: IncomingMessage['headers'] }[] = [];
let sql: string[] = [];
let others: Server;
let server: Server;
const urlOf = (one: Server) => `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
const listen = (one: Server) => new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));

const clickhouse = {
  async queryBytes(statement: string) {
    sql.push(statement);
    const meta = [
      { name: 'time', type: "DateTime('UTC')" },
      { name: 'n', type: 'Nullable(UInt64)' },
      { name: 'genre', type: 'LowCardinality(String)' },
    ];
    return Readable.from([
      Buffer.from(JSON.stringify({ meta, data: [['2023-11-14 22:13:20', '7', 'Drama']] })),
    ]);
  },
  ping: async () => true,
} as unknown as ClickHouse;

beforeAll(async () => {
  others = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      const path = incoming.url ?? '';
      asked.push({ path, body, headers: incoming.headers });
      response.writeHead(200, { 'content-type': 'application/json', 'reelstream-position': '3:4' });
      response.end(JSON.stringify(answerTo(path)));
    });
  });
  await listen(others);
  const away = 'http://127.0.0.1:1';
  server = createServer(
    createConsole(
      {
        version: '0',
        scrapeSeconds: 5,
        prometheusUrl: urlOf(others),
        alertmanagerUrl: away,
        recommenderUrl: urlOf(others),
      },
      {
        boards,
        runbooks: readRunbooks(join(projectRoot, 'docs/runbook')),
        clickhouse: { clickhouse, limits: {} },
        questions: {
          forms: [
            {
              name: 'trending',
              summary: '',
              source: 'stream',
              definition: '',
              caveats: [],
              parameters: [
                { name: 'min_n', kind: 'integer', defaultText: '1', range: null, choices: [], text: '' },
              ],
            },
          ],
          ask: async (name, given) => ({ name, given }) as never,
        },
        files: consoleFiles(),
        isOwnHost,
        logger: silentLogger,
        nowMs: () => NOW_MS,
      },
    ),
  );
  await listen(server);
});
afterAll(() => {
  others.close();
  server.close();
});
beforeEach(() => {
  asked = [];
  sql = [];
});

function answerTo(path: string): object {
  if (path.startsWith('/api/v1/label/')) return { status: 'success', data: ['ratings', 'odd"(topic)'] };
  if (path.startsWith('/api/v1/rules')) return { status: 'success', data: { groups: [] } };
  if (path.startsWith('/api/v1/query_range')) {
    const series = {
      metric: { group: 'a' },
      values: [
        [1_699_999_200, '1.5'],
        [1_699_999_260, 'NaN'],
      ],
    };
    return { status: 'success', data: { result: [series] } };
  }
  if (path.startsWith('/api/v1/query')) return { status: 'success', data: { result: [] } };
  return { ok: true };
}

async function get(path: string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${urlOf(server)}${path}`, { headers });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as never };
}

/** The number of a panel by its title, as the page finds it in the dashboard. */
const panelOf = (uid: string, title: string) =>
  boards.board(uid).panels.find((one) => one.title === title)!.id;
const LAG = `dashboard=reelstream-kafka&panel=${panelOf('reelstream-kafka', 'Lag by group')}&target=A`;

describe('data of a panel', () => {
  it('comes from the panel’s own query, with the span and its step', async () => {
    const { status, body } = await get(`/console/data?${LAG}&from=now-15m&to=now&points=60`);
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({
        kind: 'series',
        series: [{ labels: { group: 'a' }, values: expect.any(Array) }],
      }),
    ]);
    const form = new URLSearchParams(asked[0]!.body);
    expect(form.get('query')).toBe('group:reelstream_lag_events:sum{topic=~".+"}');
    expect([form.get('step'), Number(form.get('end')) % 15]).toEqual(['15', 0]);
  });

  it('takes a value of a variable that its own query finds, quoted; never another', async () => {
    const known = await get(`/console/data?${LAG}&var-topic=${encodeURIComponent('odd"(topic)')}`);
    expect(known.status).toBe(200);
    const form = new URLSearchParams(asked.at(-1)!.body);
    expect(form.get('query')).toBe('group:reelstream_lag_events:sum{topic=~"odd\\"\\\\(topic\\\\)"}');
    const evil = await get(`/console/data?${LAG}&var-topic=${encodeURIComponent('x"} or vector(1) #')}`);
    expect([evil.status, evil.body]).toEqual([400, expect.objectContaining({ field: 'var-topic' })]);
  });

  it('of ClickHouse has the span as numbers, and its cells as figures and seconds', async () => {
    const id = panelOf('reelstream-genres', 'Ratings per minute');
    const { body } = await get(`/console/data?dashboard=reelstream-genres&panel=${id}&target=A&from=now-5m`);
    expect(sql[0]).toContain("minute >= toDateTime(1699999700, 'UTC')");
    expect(body).toEqual({
      kind: 'table',
      columns: [
        { name: 'time', type: 'time' },
        { name: 'n', type: 'number' },
        { name: 'genre', type: 'text' },
      ],
      rows: [[1_700_000_000, 7, 'Drama']],
    });
  });

  it.each<[string, string, number, string]>([
    ['no dashboard', 'panel=2&target=A', 400, 'dashboard'],
    ['an unknown one', 'dashboard=../../etc&panel=2&target=A', 404, 'dashboard'],
    ['a row', 'dashboard=reelstream-kafka&panel=1&target=A', 404, 'panel'],
    ['no number', 'dashboard=reelstream-kafka&panel=2x&target=A', 400, 'panel'],
    ['an unknown query', 'dashboard=reelstream-kafka&panel=2&target=Z', 404, 'target'],
    ['a query as text', `${LAG}&query=up`, 400, 'query'],
    ['no time', `${LAG}&from=yesterday`, 400, 'from'],
    ['a span that runs backwards', `${LAG}&from=now&to=now-1h`, 400, 'from'],
    ['a span of years', `${LAG}&from=2020-01-01`, 400, 'from'],
    ['a parameter twice', `${LAG}&from=now-1h&from=now-2h`, 400, 'from'],
    ['too many points', `${LAG}&points=100000`, 400, 'points'],
    ['a variable that is not there', `${LAG}&var-other=x`, 400, 'var-other'],
    ['a control character', `${LAG}&to=now%00`, 400, 'to'],
  ])('refuses %s and names it', async (_, query, status, field) => {
    const answer = await get(`/console/data?${query}`);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect([answer.status, (answer.body as { field?: string }).field]).toEqual([status, field]);
    expect([asked.filter(({ path }) => path.includes('query')), sql]).toEqual([[], []]);
  });

  it('quotes for a regular expression within quotes', () => {
    expect(promqlAlternatives(['a.b', 'c'])).toBe('(a\\\\.b|c)');
    expect(promqlAlternatives(['"\\'])).toBe('\\"\\\\\\\\');
  });
});

describe('who may ask', () => {
  const raw = (headers: Record<string, string>, method = 'GET', path = '/console/questions') =>
    new Promise<number>((resolve, reject) => {
      const call = request(`${urlOf(server)}${path}`, { method, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      });
      call.on('error', reject).end();
    });

  it('a page of this console, and nobody under another name', async () => {
    const { host } = new URL(urlOf(server));
    expect(await raw({ host })).toBe(200);
    expect(await raw({ host: 'localhost:8090' })).toBe(200);
    expect(await raw({ host: 'rebound.example:8090' })).toBe(421);
    expect(await raw({ host, origin: 'http://evil.example' })).toBe(403);
    expect(await raw({ host, origin: 'null' })).toBe(403);
    expect(await raw({ host, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await raw({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await raw({ host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200);
  });

  it('with GET alone', async () => {
    expect(await raw({}, 'POST')).toBe(405);
    expect(await raw({}, 'DELETE', '/')).toBe(405);
  });

  it('gets its pages with a policy that lets nothing in from elsewhere', async () => {
    const answer = await fetch(`${urlOf(server)}/`);
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/=]+';/);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const html = await answer.text();
    expect(html).not.toMatch(/(src|href)="https?:/);
    expect(pagePolicy(html)['Content-Security-Policy']).toBe(policy);
  });

  it.each([
    '/page/../package.json',
    '/page/%2e%2e/server/guard.js',
    '/page/.tsbuildinfo',
    '/page/',
    '/page/main.ts',
  ])('gets nothing from %s', async (path) => {
    expect(await raw({}, 'GET', path)).toBe(404);
  });
});

describe('the way to the REST API', () => {
  const put = (path: string, type = 'application/json') =>
    fetch(`${urlOf(server)}${path}`, {
      method: 'PUT',
      body: '{"movie_id":2}',
      headers: { 'content-type': type },
    });

  it('is open for the calls of the recommendation page', async () => {
    const answer = await put('/api/v1/user/1/rating');
    expect([answer.status, answer.headers.get('reelstream-position')]).toEqual([200, '3:4']);
    expect(asked[0]).toMatchObject({ path: '/api/v1/user/1/rating', body: '{"movie_id":2}' });
    expect((await get('/api/v1/user/1/recommendations?limit=3')).status).toBe(200);
    expect(asked[1]!.path).toBe('/api/v1/user/1/recommendations?limit=3');
  });

  it('hands on the key of the caller, and nothing else that a browser sends', async () => {
    await get('/api/v1/user/1', { 'x-api-key': 'k', cookie: 'a=b' });
    expect(asked[0]!.headers).toMatchObject({ 'x-api-key': 'k' });
    expect(asked[0]!.headers.cookie).toBeUndefined();
  });

  it('is closed for the others, and for what a foreign page can send without being asked', async () => {
    expect((await put('/api/v1/user')).status).toBe(404);
    expect((await get('/api/v1/user/1/recommendations/../../../metrics')).status).toBe(404);
    expect((await put('/api/v1/user/1/rating', 'text/plain')).status).toBe(415);
    expect(asked).toEqual([]);
  });
});

describe('without some of the others', () => {
  it('the list of alerts says what is missing and has every runbook', async () => {
    const { status, body } = await get('/console/alerts');
    expect(status).toBe(200);
    const { missing, known } = body as { missing: string[]; known: { name: string; means: string }[] };
    expect(missing).toEqual([expect.stringMatching(/^Alertmanager does not answer/)]);
    expect(known.length).toBeGreaterThan(20);
    expect(known.find(({ name }) => name === 'PipelineStalled')!.means).toMatch(/^Events are produced/);
  });

  it('the state names who answers', async () => {
    const { sources } = (await get('/console/state')).body as {
      sources: { name: string; answers: boolean }[];
    };
    expect(Object.fromEntries(sources.map(({ name, answers }) => [name, answers]))).toEqual({
      Prometheus: true,
      Alertmanager: false,
      ClickHouse: true,
      recommender: true,
    });
  });
});

describe('questions', () => {
  it('get what was written and nothing else', async () => {
    expect((await get('/console/answer?question=trending&min_n=5')).body).toEqual({
      name: 'trending',
      given: { min_n: '5' },
    });
    expect((await get('/console/answer?question=trending&min_n=')).body).toMatchObject({ given: {} });
    expect(await get('/console/answer?question=trending&sql=x')).toMatchObject({
      status: 400,
      body: { field: 'sql' },
    });
    expect(await get('/console/answer?question=nothing')).toMatchObject({ status: 404 });
  });
});
