import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type ServerUnderTest, serverUnderTest, until } from './server-under-test.ts';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest({ arguments: ['--max-queries', '4', '--queue-wait', '1m'] });
  await server.value('CREATE TABLE films (id UInt64) ENGINE = MergeTree ORDER BY id');
});
afterAll(() => server?.stop());

/** statements of this test, by a word in their text; the question itself does not count */
const running = (mark: string) =>
  server.value(
    `SELECT count() FROM system.processes WHERE position(query, concat('${mark.slice(0, 3)}', '${mark.slice(3)}')) > 0`,
  );
const isRunning = (mark: string) => until(`${mark} runs`, async () => (await running(mark)) === '1');
const isGone = (mark: string) => until(`${mark} is gone`, async () => (await running(mark)) === '0');
const slow = (mark: string) =>
  `SELECT '${mark}', sleepEachRow(0.02) FROM numbers(3000) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0`;
const newMark = () => `m${randomUUID().replaceAll('-', '')}`;

describe('system.processes', () => {
  it('shows a statement while it runs and not after', async () => {
    const mark = newMark();
    const params = { query_id: mark, max_execution_time: '1' };
    const reply = server.post(slow(mark), { params });
    await isRunning(mark);
    expect((await reply).headers['x-clickhouse-exception-code'] ?? '159').toBe('159');
    expect(await running(mark)).toBe('0');
  });

  it.each([
    ['a failure', (mark: string) => `SELECT '${mark}', throwIf(number = 3) FROM numbers(10)`],
    ['an unknown name', (mark: string) => `SELECT '${mark}', nope`],
    [
      'a failed INSERT',
      (mark: string) => `INSERT INTO films SELECT throwIf(number = 3, '${mark}') FROM numbers(10)`,
    ],
  ])('is clean as soon as %s was answered', async (_, statement) => {
    const mark = newMark();
    expect((await server.post(statement(mark))).status).not.toBe(200);
    expect(await running(mark)).toBe('0');
  });

  it.skipIf(process.env.REELSTREAM_TEST_CLICKHOUSE_URL)(
    'shows the id from outside as log_comment',
    async () => {
      const mark = newMark();
      const reply = server.post(slow(mark), { params: { query_id: `id-${mark}` } });
      await isRunning(mark);
      const seen = await server.value(
        `SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'id-${mark}'`,
      );
      expect(seen).toBe('1');
      await server.value(`KILL QUERY WHERE query_id = 'id-${mark}' SYNC`);
      await reply;
    },
  );
});

describe('KILL QUERY', () => {
  const kills: readonly [name: string, where: (id: string) => string][] = [
    ['= SYNC', (id) => `WHERE query_id = '${id}' SYNC`],
    ['= ASYNC', (id) => `WHERE query_id = '${id}' ASYNC`],
    ['IN', (id) => `WHERE query_id IN ('nothing', '${id}')`],
    ['LIKE', (id) => `WHERE query_id LIKE '%${id}%' AND query_id != 'nothing'`],
  ];
  it.each(kills)('finds a query by the id it was sent with: %s', async (_, where) => {
    const mark = newMark();
    const reply = server.post(slow(mark), { params: { query_id: `id-${mark}` } });
    await isRunning(mark);
    expect((await server.post(`KILL QUERY ${where(`id-${mark}`)}`)).status).toBe(200);
    expect(await reply).toMatchObject({ status: 500 });
    expect((await reply).headers['x-clickhouse-exception-code']).toBe('394');
    await isGone(mark);
  });

  it('finds it although the client set a log_comment of its own, and by a parameter', async () => {
    const mark = newMark();
    const reply = server.post(slow(mark), { params: { query_id: `id-${mark}`, log_comment: 'my own' } });
    await isRunning(mark);
    await server.value('KILL QUERY WHERE query_id = {id:String} SYNC', {
      params: { param_id: `id-${mark}` },
    });
    expect((await reply).headers['x-clickhouse-exception-code']).toBe('394');
  });

  it('leaves the others alone', async () => {
    const [mark, other] = [newMark(), newMark()];
    const replies = [mark, other].map((id) => server.post(slow(id), { params: { query_id: `id-${id}` } }));
    await isRunning(mark);
    await isRunning(other);
    await server.value(`KILL QUERY WHERE query_id = 'id-${mark}' SYNC`);
    expect(await running(other)).toBe('1');
    await server.value(`KILL QUERY WHERE query_id = 'id-${other}' SYNC`);
    await Promise.all(replies);
  });

  it('ends an INSERT, which then wrote nothing', async () => {
    const mark = newMark();
    const insert = `INSERT INTO films SELECT sleepEachRow(0.01) + number + length('${mark}') FROM numbers(5000) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0`;
    const reply = server.post(insert, { params: { query_id: `id-${mark}` } });
    await isRunning(mark);
    await server.value(`KILL QUERY WHERE query_id = 'id-${mark}' SYNC`);
    expect((await reply).headers['x-clickhouse-exception-code']).toBe('394');
    expect(await server.value('SELECT count() FROM films')).toBe('0');
  });

  it('ends a query whose reader has stopped reading', async () => {
    const mark = newMark();
    const sql = `SELECT '${mark}', repeat('x', 1000) FROM numbers(10000000)`;
    const params = { query_id: `id-${mark}` };
    const answer = await open(server.url, server.database, { method: 'POST', body: sql, params });
    answer.pause();
    answer.on('error', () => undefined);
    await isRunning(mark);
    await server.value(`KILL QUERY WHERE query_id = 'id-${mark}' SYNC`);
    expect(await running(mark)).toBe('0');
    answer.destroy();
  });
});

describe('a client that goes away', () => {
  const leave = async (sql: string, mark: string, ask: object = {}) => {
    const controller = new AbortController();
    const gone = open(server.url, server.database, {
      ...ask,
      signal: controller.signal,
      method: 'POST',
      body: sql,
    }).then(
      (answer) => answer.on('error', () => undefined).resume(),
      () => undefined,
    );
    await isRunning(mark);
    controller.abort();
    await gone;
  };

  it('before the first row: the query ends', async () => {
    const mark = newMark();
    await leave(slow(mark), mark, {
      params: { readonly: '2', cancel_http_readonly_queries_on_client_close: '1' },
    });
    await isGone(mark);
  });

  it('in the middle of the answer: the query ends', async () => {
    const mark = newMark();
    await leave(`SELECT '${mark}', repeat('x', 100) FROM numbers(1000000000)`, mark);
    await isGone(mark);
  });

  it('while an INSERT runs: it is finished all the same', async () => {
    const mark = newMark();
    await server.value('TRUNCATE TABLE films');
    const sql = `INSERT INTO films SELECT sleepEachRow(0.01) + number + length('${mark}') FROM numbers(100) SETTINGS max_block_size = 10`;
    await leave(sql, mark);
    await until(
      'all rows are there',
      async () => (await server.value('SELECT count() FROM films')) === '100',
    );
    await isGone(mark);
  });
});

describe('a place that becomes free', () => {
  it('goes to whoever waits', async () => {
    const marks = Array.from({ length: 30 }, newMark);
    const replies = await Promise.all(
      marks.map((mark) => server.post('SELECT sleep(0.01)', { params: { query_id: `id-${mark}` } })),
    );
    expect(replies.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  });
});

describe('query ids', () => {
  it('are taken only once at a time', async () => {
    const mark = newMark();
    const params = { query_id: `id-${mark}` };
    const first = server.post(slow(mark), { params });
    await isRunning(mark);
    const second = await server.post('SELECT 1', { params });
    expect(second.headers['x-clickhouse-exception-code']).toBe('216');
    await server.value(`KILL QUERY WHERE query_id = 'id-${mark}' SYNC`);
    await first;
    expect((await server.post('SELECT 1', { params })).status).toBe(200);
  });
});
