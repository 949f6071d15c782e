import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type ApiAddress, askApi } from '../../../cli/recommend/ask-api.ts';
import { readFilmNames } from '../../../cli/recommend/film-names.ts';
import { adviseFromSnapshot } from '../../../cli/recommend/read-snapshot.ts';
import { sampleFolder } from '../../../cli/wiring.ts';
import type { ClickHouse } from '../../../clickhouse/connection.ts';
import { arraysOf, emptyState, metaOf } from '../../../consumers/learner/learner-state.ts';
import { encodeSnapshot } from '../../../consumers/learner/snapshot-codec.ts';
import { writeSnapshotFile } from '../../../consumers/learner/snapshot-file.ts';
import { findFreePort } from '../../../embedded/supervisor/ports.ts';
import { optionsFromSettings } from '../../../recommender/options.ts';
import { createWorld, FILMS, someHistory } from '../../api/in-memory.ts';
import { temporaryFolder } from '../../helpers/learner-harness.ts';

const QUESTION = { userId: 33, limit: 5, why: true };
const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(compat: 'none' | 'movierec' = 'none', key = ''): Promise<ApiAddress> {
  const { api } = await createWorld({ compat, apiKey: key }, someHistory());
  const server = createServer(api.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, key };
}

describe('asking the API', () => {
  it.each(['none', 'movierec'] as const)('gives the list, its reasons and the past (%s)', async (compat) => {
    const advice = (await askApi(await serve(compat, 'k'), QUESTION))!;
    expect(advice).toMatchObject({ user_id: 33, from: 'api', as_of: expect.stringMatching(/^2018/) });
    expect(advice.recommendations).toHaveLength(5);
    expect(advice.recommendations[0]!.because[0]!.title).toMatch(/^Film/);
    expect(advice.history).toHaveLength(10);
    expect(advice.history[0]).toEqual({
      movie: { movie_id: expect.any(Number), title: expect.any(String), year: expect.any(Number) },
      rating: expect.any(Number),
      ts: expect.any(String),
    });
    expect((await askApi(await serve(), { ...QUESTION, why: false }))!.history).toEqual([]);
  });

  it('tells apart nobody there, nobody known and a missing key', async () => {
    expect(await askApi({ url: `http://127.0.0.1:${await findFreePort()}`, key: '' }, QUESTION)).toBeNull();
    const address = await serve('none', 'secret');
    await expect(askApi({ ...address, key: 'x' }, QUESTION)).rejects.toMatchObject({ code: 'settings' });
    await expect(askApi(address, { ...QUESTION, userId: 9_999 })).rejects.toMatchObject({
      code: 'bad_data',
      message: 'there is no user 9999',
    });
  });
});

describe('a snapshot', () => {
  const names = async () =>
    new Map(
      FILMS.map((film) => [film.movieId, { movie_id: film.movieId, ...film, genres: film.genres.join('|') }]),
    );

  async function folderWithSnapshot(): Promise<string> {
    const folder = temporaryFolder();
    // not the settings that are in force now
    const state = emptyState(
      { clusterId: 'c', topic: 't' },
      { maxRecordBytes: 1_000 },
      optionsFromSettings('sgd', { factors: 8, epochs: 20, learningRate: 0.008, regularization: 0.2 }),
    );
    for (const event of someHistory()) state.recommender.apply(event);
    state.recommender.apply({
      kind: 'WATCHED',
      userId: 33,
      movieId: 60,
      rating: null,
      tsMs: Date.UTC(2019, 0),
    });
    const meta = metaOf(state, { highestUserId: 50, deleted: [] }, 0);
    await writeSnapshotFile(join(folder, 'snapshot-3'), encodeSnapshot(meta, [...arraysOf(state)]));
    writeFileSync(join(folder, 'snapshot-4'), 'torn');
    return folder;
  }

  it('answers as the API would, with the settings it was learned with, and stays as it lies', async () => {
    const folder = await folderWithSnapshot();
    const before = readdirSync(folder);
    const advice = await adviseFromSnapshot(folder, QUESTION, names);
    expect(advice).toMatchObject({ user_id: 33, from: 'snapshot', as_of: '2019-01-01T00:00:00.000Z' });
    expect(advice.recommendations).toHaveLength(5);
    expect(advice.recommendations.map(({ movie_id: id }) => id)).not.toContain(60);
    expect(advice.recommendations[0]).toMatchObject({
      title: expect.stringMatching(/^Film/),
      source: 'personal',
    });
    expect(advice.history[0]).toEqual({
      movie: { movie_id: 60, title: 'Film 60', year: 2009 },
      rating: null,
      ts: '2019-01-01T00:00:00.000Z',
    });
    expect(readdirSync(folder)).toEqual(before);
    await expect(adviseFromSnapshot(folder, { ...QUESTION, userId: 77 }, names)).rejects.toMatchObject({
      code: 'bad_data',
    });
  });

  it('is missed in words', async () => {
    await expect(adviseFromSnapshot('/nonexistent', QUESTION, names)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/reelstream start/),
    });
  });

  it('has titles without ClickHouse', async () => {
    const away = { query: () => Promise.reject(new Error('away')) } as unknown as ClickHouse;
    expect((await readFilmNames(away, sampleFolder)).get(318)).toEqual({
      movie_id: 318,
      title: 'Shawshank Redemption, The',
      year: 1994,
      genres: 'Crime|Drama',
    });
  });
});
