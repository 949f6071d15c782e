import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.ts';

/** JSON alone, unpacked; a DELETE may come without any, whatever type it names. */
export function readJsonBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined);
    parseJson(request, body as string, done);
  });
  app.addHook('onRequest', async (request) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') return;
    throw new Problem(415, 'send the body as it is, without Content-Encoding');
  });
}
