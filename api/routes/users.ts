import type { FastifyReply, FastifyRequest } from 'fastify';
import { unlessKnown } from '../http/conditional.ts';
import { Problem } from '../http/problem.ts';
import { requireUser } from '../known.ts';
import type { ApiContext } from '../options.ts';
import type { Profile } from '../ports.ts';
import { bodyOf, paramsOf, type Route } from '../route.ts';
import { ID, object, read, readHeaders, userParams, writeHeaders, written } from '../schemas.ts';
import { writeEvent } from '../write-event.ts';

const GENDER = { type: ['string', 'null'], maxLength: 32 };
const YEAR_OF_BIRTH = { type: ['integer', 'null'], minimum: 1900, maximum: 2100 };
const USER = object({ gender: GENDER, user_id: ID, year_of_birth: YEAR_OF_BIRTH });
const TAGS = ['users'];
const NOTE =
  'forgotten by the model and hidden from every view; the log and the raw events keep it until their retention';

interface NewUser {
  readonly gender?: string | null;
  readonly year_of_birth?: number | null;
}
interface UserParams {
  readonly user_id: number;
}

const userBody = (userId: number, profile: Profile | null) => ({
  gender: profile?.gender ?? null,
  user_id: userId,
  year_of_birth: profile?.yearOfBirth ?? null,
});

function sendTo(primaryUrl: string | null, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (primaryUrl === null) throw new Problem(503, 'this instance makes no users; ask instance 0');
  return reply.redirect(`${primaryUrl}${request.url}`, 307);
}

export function userRoutes(context: ApiContext): Route[] {
  const { people, gateway } = context.ports;
  const { compat, newUsers } = context.options;
  return [
    {
      method: 'GET',
      url: '/user/:user_id',
      schema: {
        summary: 'A user; what was never told is null',
        tags: TAGS,
        params: userParams,
        headers: readHeaders,
        response: read(USER),
      },
      async handle(request, reply) {
        const userId = paramsOf<UserParams>(request).user_id;
        requireUser(context.ports, userId);
        return unlessKnown(request, reply, userBody(userId, people.profile(userId)));
      },
    },
    {
      method: 'PUT',
      url: '/user',
      schema: {
        summary: 'Makes a new user; the answer has the id',
        tags: TAGS,
        headers: writeHeaders,
        body: object({ gender: GENDER, year_of_birth: YEAR_OF_BIRTH }, ['gender', 'year_of_birth']),
        response: written(USER),
      },
      async handle(request, reply) {
        // ids are given out in one place, or two people would get the same
        if (newUsers !== 'here') return sendTo(newUsers.primaryUrl, request, reply);
        const { gender = null, year_of_birth: yearOfBirth = null } = bodyOf<NewUser>(request);
        const userId = people.takeNextId();
        await gateway.writeProfile(userId, { gender, yearOfBirth });
        return userBody(userId, { gender, yearOfBirth });
      },
    },
    {
      method: 'DELETE',
      url: '/user/:user_id',
      schema: {
        summary: 'Deletes a user: profile, ratings and what was watched',
        tags: TAGS,
        params: userParams,
        headers: writeHeaders,
        response: written(
          object({ msg: { const: 'deleted', type: 'string' }, user_id: ID, note: { type: 'string' } }, [
            'note',
          ]),
        ),
      },
      async handle(request, reply) {
        const userId = paramsOf<UserParams>(request).user_id;
        requireUser(context.ports, userId);
        const change = { kind: 'USER_DELETED', userId, movieId: 0, rating: null } as const;
        await writeEvent(context, request, reply, change);
        await gateway.writeProfile(userId, null);
        return { msg: 'deleted', user_id: userId, ...(compat === 'none' ? { note: NOTE } : {}) };
      },
    },
  ];
}
