import { restoreState, type SnapshotMeta } from '../../consumers/learner/learner-state.ts';
import { readNewestSnapshot } from '../../consumers/learner/state-folder.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { optionsFromText } from '../../recommender/options.ts';
import type { Opinion } from '../../recommender/reader.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import { type Advice, type FilmName, HISTORY_LIMIT, type OwnFilm, type Question } from './advice.ts';

/** Names of films by MovieLens id. */
export type FilmNames = ReadonlyMap<number, FilmName & { readonly genres: string }>;

/**
 * What the newest snapshot in a recommender's folder would answer: read as it lies there, nothing is written, and with the
 * settings that it was learned with.
 * @throws ReelstreamError `unavailable` when there is none, `bad_data` for a user that it does not know
 */
export async function adviseFromSnapshot(
  folder: string,
  question: Question,
  namesOf: () => Promise<FilmNames>,
): Promise<Advice> {
  const snapshot = await readNewestSnapshot<SnapshotMeta>(folder);
  if (snapshot === null) {
    throw new ReelstreamError(
      'unavailable',
      `no recommender answers, and ${folder} holds no snapshot: start one with \`reelstream start\``,
    );
  }
  // nothing is judged here
  const verdicts = { maxRecordBytes: 0 };
  const { recommender } = restoreState(snapshot, verdicts, optionsFromText(snapshot.meta.model.settings));
  const { userId } = question;
  if (!recommender.knowsUser(userId) || snapshot.meta.people.deleted.includes(userId)) {
    throw new ReelstreamError('bad_data', `the snapshot knows no user ${userId} with ratings`);
  }
  return advise(recommender, question, await namesOf());
}

function advise(model: Recommender, { userId, limit, why }: Question, names: FilmNames): Advice {
  const nameOf = (movieId: number): FilmName => {
    const { title = null, year = null } = names.get(movieId) ?? {};
    return { movie_id: movieId, title, year };
  };
  const latestMs = model.latestMs();
  return {
    user_id: userId,
    from: 'snapshot',
    as_of: latestMs > 0 ? new Date(latestMs).toISOString() : null,
    recommendations: model.recommend(userId, limit).map((one) => ({
      ...nameOf(one.movieId),
      genres: names.get(one.movieId)?.genres ?? '',
      score: one.score,
      predicted_rating: one.predictedRating,
      source: one.source,
      because: one.because.map((id) => ({ movie_id: id, title: nameOf(id).title })),
    })),
    history: why ? newestOf(model, userId).map((one) => ownFilm(nameOf(one.movieId), one)) : [],
  };
}

/** As the API lists them: by time, not by first contact. */
const newestOf = (model: Recommender, userId: number): readonly Opinion[] =>
  model
    .opinions(userId)
    .sort((a, b) => b.tsMs - a.tsMs)
    .slice(0, HISTORY_LIMIT);

const ownFilm = (movie: FilmName, { rating, tsMs }: Opinion): OwnFilm => ({
  movie,
  rating,
  ts: new Date(tsMs).toISOString(),
});
