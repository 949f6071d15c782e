/// <reference lib="dom" />

export interface Film {
  readonly movie_id: number;
  readonly title: string | null;
  readonly year: number | null;
  readonly genres: string;
}

export interface RatedFilm {
  readonly is_implicit: boolean;
  readonly movie: Film;
  readonly rating: number | string;
  readonly ts: string;
}

export interface Recommended extends Film {
  readonly predicted_rating: number;
  readonly source: 'personal' | 'cold';
  readonly because: readonly { readonly movie_id: number; readonly title: string | null }[];
}

export interface Recommendations {
  readonly recommendations: readonly Recommended[];
  readonly model: { readonly version: number; readonly as_of: { readonly ts: string | null } };
}

export class ApiFault extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export interface Api {
  history(userId: string, limit: number): Promise<readonly RatedFilm[]>;
  recommendations(userId: string): Promise<Recommendations>;
  /** films that most people rated, to rate another one */
  topFilms(): Promise<readonly Film[]>;
  rate(userId: string, movieId: number, stars: number): Promise<void>;
  unrate(userId: string, movieId: number): Promise<void>;
}

const LISTED = 12;
const TOP_FILMS = 200;

/**
 * The REST API as this page uses it. A write is answered once it is learned; its position goes along with what is read next,
 * so that an answer from another instance knows of it too.
 * @param key gives the API key, empty for none
 */
export function connectApi(key: () => string): Api {
  let position = '';
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    let answer: Response;
    try {
      answer = await fetch(`/api/v1/${path}`, {
        method,
        headers: {
          ...(body ? { 'Content-Type': 'application/json' } : {}),
          ...(key() === '' ? {} : { 'X-API-Key': key() }),
          ...(position === '' ? {} : { 'Reelstream-Position': position }),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    } catch {
      throw new ApiFault(0, 'the server does not answer');
    }
    const given = (await answer.json().catch(() => ({}))) as T & { detail?: string };
    if (!answer.ok) throw new ApiFault(answer.status, given.detail ?? `status ${answer.status}`);
    if (body) position = answer.headers.get('Reelstream-Position') ?? position;
    return given;
  };
  return {
    async history(userId, limit) {
      const { ratings } = await call<{ ratings: RatedFilm[] }>(
        'GET',
        `user/${userId}/ratings/latest?limit=${limit}`,
      );
      return ratings;
    },
    recommendations: (userId) => call('GET', `user/${userId}/recommendations?limit=${LISTED}`),
    async topFilms() {
      const { top_movies: top } = await call<{ top_movies: { movie: Film }[] }>(
        'GET',
        `movies/top?limit=${TOP_FILMS}`,
      );
      return top.map(({ movie }) => movie);
    },
    async rate(userId, movieId, stars) {
      await call('PUT', `user/${userId}/rating`, { movie_id: movieId, rating: stars });
    },
    async unrate(userId, movieId) {
      await call('DELETE', `user/${userId}/rating`, { movie_id: movieId });
    },
  };
}
