import { Problem, stillLearning } from './http/problem.ts';
import type { ApiPorts } from './options.ts';

/** A user known by ratings alone is a user too. @throws Problem 404; 503 while the log is not learned to its end */
export function requireUser({ people, model }: ApiPorts, userId: number): void {
  const isKnown = people.profile(userId) || model.reader.knowsUser(userId);
  if (isKnown && !people.isDeleted(userId)) return;
  // may be in what is not learned yet
  if (model.readiness() !== 'yes') throw stillLearning();
  throw new Problem(404, `there is no user ${userId}`, 'user_id');
}

/** A film of the catalogue, or one that somebody rated or watched. @throws Problem 404; 503 while that is not certain */
export function requireFilm({ films, model }: ApiPorts, movieId: number, field = 'movie_id'): void {
  if (films.film(movieId) || model.reader.filmStatistics(movieId).users > 0) return;
  if (films.version === 0) throw new Problem(503, 'the catalogue of films is not there yet; try again');
  if (model.readiness() !== 'yes') throw stillLearning();
  throw new Problem(404, `there is no movie ${movieId}`, field);
}
