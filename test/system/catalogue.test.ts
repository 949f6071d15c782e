import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FULL_SIZE, writeSyntheticSource } from '../../bench/catalogue-fixture.ts';
import { type ClickHouse, connectClickHouse } from '../../clickhouse/connection.ts';
import { migrate, readMigrations } from '../../clickhouse/migrate.ts';
import { systemClock } from '../../core/clock.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { startTestClickHouse, type TestClickHouse } from '../helpers/clickhouse-server.ts';
import { runProgram } from '../helpers/program.ts';

/** What a laptop should manage with room to spare; the bench prints how much. */
const MAX_SECONDS = 60;
const MAX_MEMORY_MB = 300;

let server: TestClickHouse;
let clickhouse: ClickHouse;
let home: string;

beforeAll(async () => {
  server = await startTestClickHouse();
  home = mkdtempSync(join(tmpdir(), 'reelstream-full-size-'));
  clickhouse = connectClickHouse({ url: server.url });
  await migrate(clickhouse, readMigrations(join(projectRoot, 'clickhouse/ddl')));
  await writeSyntheticSource(join(home, 'films'));
});
afterAll(async () => {
  await clickhouse?.close();
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

const load = async (folder: string) => {
  const environment = { REELSTREAM_CLICKHOUSE_URL: server.url, REELSTREAM_HOME: home };
  const { code, stdout, stderr } = await runProgram(['catalog', 'load', folder, '--json'], environment);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
};

describe('a catalogue of full size', () => {
  it('takes the place of another in one moment, within its time and memory, and reports every flaw', async () => {
    const before = await load(join(projectRoot, 'data'));
    const seen = new Set<string>();
    let done = false;
    const reader = (async () => {
      while (!done) {
        const [row] = await clickhouse.query<{ films: number; links: number; companies: number }>(
          `SELECT toInt32(count()) AS films, (SELECT toInt32(count()) FROM links) AS links,
           (SELECT toInt32(count()) FROM companies) AS companies FROM films`,
        );
        seen.add(JSON.stringify(row));
        await systemClock.sleep(50);
      }
    })();
    const loaded = await load(join(home, 'films'));
    done = true;
    await reader;

    expect(loaded.elapsedMs / 1_000).toBeLessThan(MAX_SECONDS);
    expect(loaded.peakMemoryMb).toBeLessThan(MAX_MEMORY_MB);
    const possible = [
      { films: 2_995, links: before.counts.links, companies: before.counts.companies },
      { films: FULL_SIZE.films, links: FULL_SIZE.links, companies: loaded.counts.companies },
    ].map((row) => JSON.stringify(row));
    expect(seen).toContain(possible[0]);
    for (const row of seen) expect(possible).toContain(row);

    expect(loaded.counts).toMatchObject({ links: FULL_SIZE.links, quarantined: 0 });
    expect(loaded.files.find((file: { role: string }) => file.role === 'metadata').rows).toEqual({
      read: FULL_SIZE.rows,
      loaded: FULL_SIZE.films,
      dropped: FULL_SIZE.rows - FULL_SIZE.films,
      quarantined: 0,
    });
    expect(loaded.totals.repaired).toMatchObject({
      stitched: FULL_SIZE.stitched,
      suspect_money: FULL_SIZE.tinyBudgets + FULL_SIZE.tinyRevenues,
      no_votes: FULL_SIZE.noVotes,
    });
    expect(loaded.totals.dropped).toMatchObject({
      identical_duplicate: FULL_SIZE.identicalRows,
      conflicting_duplicate: FULL_SIZE.conflictingIds,
    });
    const reported = await clickhouse.query<{ rows: number }>(
      `SELECT toInt32(rows) AS rows FROM load_reports WHERE field = 'budget' AND reason = 'zero_is_unknown'
       AND version = ${loaded.version}`,
    );
    expect(reported).toEqual([{ rows: FULL_SIZE.zeroBudgets }]);
  });

  it('is nothing to do the second time', async () => {
    expect(await load(join(home, 'films'))).toMatchObject({ status: 'unchanged', version: 2 });
  });
});
