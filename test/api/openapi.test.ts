import { beforeAll, describe, expect, it } from 'vitest';
import { API_ROUTES } from '../../api/http/measure.ts';
import { type Check, createSchemaChecks, createWorld, someHistory, type World } from './in-memory.ts';

interface Operation {
  readonly summary: string;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>
  >;
}
type Document = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

describe.each(['none', 'movierec'] as const)('the document, compat %s', (compat) => {
  let w: World;
  let document: Document;
  let check: (schema: object) => Check;
  beforeAll(async () => {
    w = await createWorld({ compat }, someHistory());
    document = (await w.api.inject('/openapi.json')).json();
    check = await createSchemaChecks();
  });

  it('is OpenAPI 3.1 and names every call', () => {
    expect(document.openapi).toBe('3.1.0');
    const calls = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path.replace('/api/v1', '')}`),
    );
    expect(calls.sort()).toEqual(
      [
        'get /user/{user_id}',
        'put /user',
        'delete /user/{user_id}',
        'get /user/{user_id}/ratings/top',
        'get /user/{user_id}/ratings/latest',
        'get /movie/{movie_id}',
        'get /movies/top',
        'put /user/{user_id}/rating',
        'delete /user/{user_id}/rating',
        'put /user/{user_id}/watched',
        'delete /user/{user_id}/watched',
        'get /user/{user_id}/recommendations',
        'get /user/{user_id}/predictions',
        'get /movie/{movie_id}/similar',
      ].sort(),
    );
  });

  it('has a series for every path', () => {
    const templates = API_ROUTES.map((route) => route.replace(/:(\w+)/g, '{$1}'));
    expect([...templates].sort()).toEqual(Object.keys(document.paths).sort());
  });

  it('describes what is answered', async () => {
    const film = w.recommender.opinions(20)[0]!.movieId;
    const answered = [
      ['put', '/user', await w.put('/user', { gender: 'M' })],
      ['get', '/user/{user_id}', await w.get('/user/20')],
      ['put', '/user/{user_id}/rating', await w.put('/user/20/rating', { movie_id: 1, rating: 2 })],
      ['delete', '/user/{user_id}/rating', await w.remove('/user/20/rating', { movie_id: 1 })],
      ['put', '/user/{user_id}/watched', await w.put('/user/20/watched', { movie_id: 1 })],
      ['get', '/user/{user_id}/ratings/top', await w.get('/user/20/ratings/top')],
      ['get', '/user/{user_id}/ratings/latest', await w.get('/user/20/ratings/latest')],
      ['delete', '/user/{user_id}/watched', await w.remove('/user/20/watched', { movie_id: 1 })],
      ['get', '/user/{user_id}/recommendations', await w.get('/user/20/recommendations')],
      ['get', '/user/{user_id}/predictions', await w.get('/user/20/predictions?movie_ids=1,2')],
      ['get', '/movie/{movie_id}', await w.get('/movie/1')],
      ['get', '/movie/{movie_id}/similar', await w.get(`/movie/${film}/similar`)],
      ['get', '/movies/top', await w.get('/movies/top')],
      ['delete', '/user/{user_id}', await w.remove('/user/20')],
      ['get', '/user/{user_id}', await w.get('/user/20')],
      ['get', '/movies/top', await w.get('/movies/top?limit=x')],
    ] as const;
    for (const [method, path, answer] of answered) {
      const response = document.paths[`/api/v1${path}`]![method]!.responses[answer.statusCode]!;
      const type = String(answer.headers['content-type']).split(';', 1)[0]!;
      const schema = response.content?.[type]?.schema;
      expect(schema, `${method} ${path} ${answer.statusCode} ${type}`).toBeDefined();
      expect([method, path, check(schema!)(answer.json())]).toEqual([method, path, null]);
    }
  });

  it('would find an answer that is otherwise', () => {
    const { schema } =
      document.paths['/api/v1/movie/{movie_id}']!.get!.responses[200]!.content!['application/json']!;
    expect(check(schema)({ movie_id: 'one' })).toMatch(/movie_id|required/);
  });

  it('has a page', async () => {
    const page = await w.api.inject('/docs');
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, expect.stringMatching(/html/)]);
  });
});
