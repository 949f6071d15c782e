import { createChance } from '../core/chance.ts';
import type { HttpCall } from './http-client.ts';

/** Share of each kind in a hundred requests: a site that shows lists and takes opinions. */
export const MIX = {
  recommendations: 30,
  latest: 10,
  top: 10,
  film: 12,
  'top films': 5,
  'unchanged?': 10,
  rate: 15,
  unrate: 5,
  watch: 3,
} as const;
export type Kind = keyof typeof MIX;
export const KINDS = Object.keys(MIX) as Kind[];

/** The same site, whose visitors only look. */
export const READS: Mixture = { recommendations: 50, latest: 15, top: 15, film: 15, 'top films': 5 };

/** hundredths; they add up to 100 */
export type Mixture = Readonly<Partial<Record<Kind, number>>>;

export interface MixedCall extends HttpCall {
  readonly kind: Kind;
}

export interface Mix {
  /** call n, the same in every run as far as answers are */
  call(n: number): MixedCall;
  /** what an answer was marked with, for later calls that ask whether it changed */
  sawTag(path: string, etag: string): void;
}

const TAGS_KEPT = 500;

/** @param users ids from 1 on */
export function createMix(users: number, movieIds: readonly number[], mixture: Mixture = MIX): Mix {
  const byHundredth = KINDS.flatMap((kind) => Array<Kind>(mixture[kind] ?? 0).fill(kind));
  const chance = createChance(1, 'bench.api');
  const tags: { path: string; etag: string }[] = [];
  const rated: { user: string; movieId: number }[] = [];

  function call(n: number): MixedCall {
    const user = `/api/v1/user/${1 + chance.below(n, users, 1)}`;
    // steep: what is popular is asked for more often
    const movieId = movieIds[Math.floor(movieIds.length * chance.unit(n, 2) ** 2)]!;
    const get = (kind: Kind, path: string): MixedCall => ({ kind, method: 'GET', path });
    const put = (kind: Kind, path: string, body: object): MixedCall => ({ kind, method: 'PUT', path, body });
    const rate = (): MixedCall => {
      rated.push({ user, movieId });
      return put('rate', `${user}/rating`, { movie_id: movieId, rating: chance.below(n, 11, 3) / 2 });
    };
    const calls: Readonly<Record<Kind, () => MixedCall>> = {
      recommendations: () => get('recommendations', `${user}/recommendations`),
      latest: () => get('latest', `${user}/ratings/latest`),
      top: () => get('top', `${user}/ratings/top`),
      film: () => get('film', `/api/v1/movie/${movieId}`),
      'top films': () => get('top films', '/api/v1/movies/top'),
      'unchanged?': () => {
        const tag = tags[chance.below(n, Math.max(1, tags.length), 4)];
        if (!tag) return get('film', `/api/v1/movie/${movieId}`);
        return { ...get('unchanged?', tag.path), headers: { 'if-none-match': tag.etag } };
      },
      rate,
      unrate() {
        const one = rated.shift();
        if (!one) return rate();
        return { kind: 'unrate', method: 'DELETE', path: `${one.user}/rating?movie_id=${one.movieId}` };
      },
      watch: () => put('watch', `${user}/watched`, { movie_id: movieId }),
    };
    return calls[byHundredth[chance.below(n, byHundredth.length, 0)]!]();
  }

  return {
    call,
    sawTag(path, etag) {
      if (tags.length >= TAGS_KEPT) tags.shift();
      tags.push({ path, etag });
    },
  };
}
