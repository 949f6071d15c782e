import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createManualClock } from '../../../core/clock.ts';
import type { Answer } from '../../../embedded/clickhouse/answer.ts';
import { readParameters } from '../../../embedded/clickhouse/request-parameters.ts';
import { createRunningQueries } from '../../../embedded/clickhouse/running-queries.ts';
import { analyse } from '../../../embedded/clickhouse/statement.ts';
import { createStatementRunner } from '../../../embedded/clickhouse/statement-runner.ts';
import { createEngineDouble } from './engine-double.ts';

/** A query that ends well, whose pipe carries two chunks; the first one's delivery may cancel it. */
function arrange(onFirstChunk: () => void) {
  const pipe = new PassThrough({ objectMode: true });
  const engine = createEngineDouble((sql) => {
    if (sql.includes('INTO OUTFILE')) for (const chunk of ['a', 'b']) pipe.write(chunk);
    return '';
  });
  const running = createRunningQueries(engine, createManualClock());
  const query = running.start({ queryId: 'q', user: 'default', keyword: 'SELECT' });
  const written: string[] = [];
  const answer: Answer = {
    bytes: 0,
    isWanted: true,
    encodeWith() {},
    setFormat() {},
    setSummary() {},
    async write(chunk) {
      written.push(Buffer.from(chunk).toString());
      if (written.length === 1) onFirstChunk();
    },
    async end() {},
    async fail() {},
  };
  const runner = createStatementRunner({
    fifos: { take: () => ({ path: '/f', readable: pipe, finishWriting: () => pipe.end() }), release() {} },
    spill: {
      folder: '',
      usedBytes: 0,
      maxBytes: 0,
      newFile() {
        throw new Error('not asked for');
      },
      async close() {},
    },
    running,
  });
  const text = 'SELECT 1';
  const run = () =>
    runner.run({
      session: engine.openSession(),
      access: 'write',
      statement: analyse(text),
      text,
      rows: null,
      parameters: readParameters(new URLSearchParams(), {}),
      answer,
      query,
    });
  return { run, written, cancel: () => running.cancel(query) };
}

it('hands on what the engine writes', async () => {
  const { run, written } = arrange(() => undefined);
  await run();
  expect(written.join('')).toBe('ab');
});

it('fails a query that was cancelled, even when the engine ended it well: rows may be missing', async () => {
  const arranged = arrange(() => arranged.cancel());
  await expect(arranged.run()).rejects.toMatchObject({ code: 394 });
  expect(arranged.written).toEqual(['a']);
});
