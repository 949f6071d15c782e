import { ReelstreamError } from '../../core/errors.ts';
import { type Advice, HISTORY_LIMIT, type Question } from './advice.ts';

export interface ApiAddress {
  readonly url: string;
  /** '' where none is asked for */
  readonly key: string;
}

const TIMEOUT_MS = 5_000;
const NOBODY_THERE = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'];

interface RatedAnswer {
  readonly movie: Advice['history'][number]['movie'];
  /** a string in the original's types */
  readonly rating: number | string;
  readonly is_implicit: boolean;
  readonly ts: string;
}

/**
 * Asks the running recommender. Null when nobody answers at its address.
 * @throws ReelstreamError `bad_data` for a user that is not known, `settings` for a missing key, `unavailable` when it cannot
 *   answer yet, `timeout`
 */
export async function askApi(address: ApiAddress, question: Question): Promise<Advice | null> {
  const { userId, limit, why } = question;
  const user = `/api/v1/user/${userId}`;
  const list = await get<
    Omit<Advice, 'from' | 'as_of' | 'history'> & { model: { as_of: { ts: string | null } } }
  >(address, `${user}/recommendations?limit=${limit}`);
  if (list === null) return null;
  const past = why
    ? await get<{ ratings: readonly RatedAnswer[] }>(address, `${user}/ratings/latest?limit=${HISTORY_LIMIT}`)
    : null;
  return {
    user_id: userId,
    from: 'api',
    as_of: list.model.as_of.ts,
    recommendations: list.recommendations,
    history: (past?.ratings ?? []).map(({ movie, rating, is_implicit: isImplicit, ts }) => ({
      movie: { movie_id: movie.movie_id, title: movie.title, year: movie.year },
      rating: isImplicit ? null : Number(rating),
      ts,
    })),
  };
}

async function get<T>({ url, key }: ApiAddress, path: string): Promise<T | null> {
  const address = `${url.replace(/\/+$/, '')}${path}`;
  let answer: Response;
  try {
    answer = await fetch(address, {
      headers: key === '' ? {} : { 'X-API-Key': key },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (thrown) {
    const { name, cause } = thrown as Error & { readonly cause?: { readonly code?: string } };
    if (NOBODY_THERE.includes(cause?.code ?? '')) return null;
    const what = name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1_000} s` : `${cause ?? thrown}`;
    throw new ReelstreamError(name === 'TimeoutError' ? 'timeout' : 'unavailable', `${url}: ${what}`);
  }
  const body = (await answer.json().catch(() => ({}))) as T & { readonly detail?: string };
  if (answer.ok) return body;
  const told = body.detail ?? `it answered ${answer.status}`;
  if (answer.status === 404) throw new ReelstreamError('bad_data', told);
  if (answer.status === 401) throw new ReelstreamError('settings', `${url}: set REELSTREAM_API_KEY`);
  throw new ReelstreamError('unavailable', `${url}: ${told}`);
}
