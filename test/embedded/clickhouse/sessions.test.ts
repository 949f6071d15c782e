import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createManualClock } from '../../../core/clock.ts';
import { createNamedSessions } from '../../../embedded/clickhouse/named-sessions.ts';
import { hasInnerSemicolon, requireReadOnly } from '../../../embedded/clickhouse/read-only.ts';
import { createRunningQueries } from '../../../embedded/clickhouse/running-queries.ts';
import { createEngineDouble } from './engine-double.ts';

describe('named sessions', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const request = { user: 'default', sessionId: 's', timeoutS: 10, mustExist: false };

  it('are closed when their time is up, counted from their last use', () => {
    const engine = createEngineDouble();
    const sessions = createNamedSessions(engine);
    sessions.take(request).release(false);
    vi.advanceTimersByTime(9_000);
    const again = sessions.take(request);
    vi.advanceTimersByTime(60_000);
    expect(engine.closed).toEqual([]);
    again.release(false);
    vi.advanceTimersByTime(10_000);
    expect([engine.closed, sessions.size]).toEqual([[0], 0]);
  });

  it('end at once when told to, and with the server', () => {
    const engine = createEngineDouble();
    const sessions = createNamedSessions(engine);
    sessions.take(request).release(true);
    expect(engine.closed).toEqual([0]);
    sessions.take(request).release(false);
    sessions.closeAll();
    vi.advanceTimersByTime(60_000);
    expect(engine.closed).toEqual([0, 1]);
  });

  it('belong to one user and one request', () => {
    const sessions = createNamedSessions(createEngineDouble());
    const held = sessions.take(request);
    expect(() => sessions.take(request)).toThrow(/locked/);
    expect(sessions.take({ ...request, user: 'other' }).session).not.toBe(held.session);
    expect(() => sessions.take({ ...request, sessionId: 'new', mustExist: true })).toThrow(/not found/);
  });

  it('are not opened without end', () => {
    const sessions = createNamedSessions(createEngineDouble());
    for (let i = 0; i < 200; i++) sessions.take({ ...request, sessionId: String(i) });
    expect(() => sessions.take(request)).toThrow(/Too many sessions/);
  });
});

describe('the read-only check', () => {
  const check = (tree: string) =>
    requireReadOnly(createEngineDouble(() => tree).openSession(), 'SELECT 1', 'read_user');

  it.each([
    'SelectWithUnionQuery (children 1)\n ExpressionList\n  Literal UInt64_1\n',
    'ShowTables\n',
    'Explain EXPLAIN (children 1)\n',
  ])('believes the engine that %j reads', async (tree) => {
    await expect(check(tree)).resolves.toBeUndefined();
  });

  it.each([
    ['InsertQuery (children 2)\n', 164],
    ['SYSTEM query\n', 164],
    ['', 164],
    ["SelectWithUnionQuery (children 2)\n ExpressionList\n Literal \\'/x\\'\n", 358],
    ["ShowTables (children 1)\n Literal \\'/x\\'\n", 358],
  ])('refuses %j', async (tree, code) => {
    await expect(check(tree)).rejects.toMatchObject({ code });
  });
});

describe('running queries', () => {
  it('are killed again and again until they are gone', async () => {
    const clock = createManualClock();
    const engine = createEngineDouble();
    const running = createRunningQueries(engine, clock);
    const query = running.start({ queryId: 'q', user: 'default', keyword: 'SELECT' });
    running.cancel(query);
    running.cancel(query);
    expect(query.cancelled.aborted).toBe(true);
    for (let i = 0; i < 10; i++) await clock.advance(100);
    const kills = () =>
      engine.said.filter(([, sql]) => sql.includes(`KILL QUERY`) && sql.includes(query.marker)).length;
    expect(kills()).toBeGreaterThan(2);
    running.finish(query);
    for (let i = 0; i < 10; i++) await clock.advance(500);
    const soFar = kills();
    await clock.advance(10_000);
    expect(kills()).toBe(soFar);
    expect(engine.closed).toHaveLength(engine.said.length);
  });

  it('have an id of their own', () => {
    const running = createRunningQueries(createEngineDouble(), createManualClock());
    const query = running.start({ queryId: 'q', user: 'default', keyword: 'SELECT' });
    expect(() => running.start({ queryId: 'q', user: 'other', keyword: 'SELECT' })).toThrow(
      /already running/,
    );
    running.finish(query);
    running.start({ queryId: 'q', user: 'default', keyword: 'SELECT' });
  });
});

describe('a semicolon inside the statement', () => {
  it.each([
    ['SELECT 1', false],
    ['SELECT 1;', false],
    ['SELECT 1 ; \n;\t', false],
    [';', false],
    ['', false],
    ['SELECT 1; SELECT 2', true],
    ["SELECT ';'", true],
    [' ; x', true],
  ])('%j: %s', (text, expected) => {
    expect(hasInnerSemicolon(text)).toBe(expected);
  });

  it('is looked for in one pass, however many blanks there are', () => {
    const startedMs = performance.now();
    for (let i = 0; i < 20; i++) {
      expect(hasInnerSemicolon(`SELECT 1${' '.repeat(262_144)}x`)).toBe(false);
    }
    // 20 ms; a pass per blank takes minutes
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
