import { type ContentModel, checkContentModel } from './content-model.ts';
import { readCounts } from './counts-file.ts';
import { readDistribution } from './distribution-file.ts';

/** The model with its films still on disk. */
export interface ContentSpec extends Omit<ContentModel, 'films' | 'counts'> {
  readonly distributionPath: string;
  /** null: nobody counted; then popularity cannot go by counts */
  readonly countsPath: string | null;
}

/** @throws ReelstreamError `usage` or `bad_data`: of the files and of the values, before anything is sent */
export async function loadContentModel({
  distributionPath,
  countsPath,
  ...rest
}: ContentSpec): Promise<ContentModel> {
  const films = await readDistribution(distributionPath);
  const counts = countsPath === null ? null : await readCounts(countsPath, films.movieIds);
  const model: ContentModel = { ...rest, films, counts };
  checkContentModel(model);
  return model;
}
