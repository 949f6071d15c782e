import type { LearnerName } from '../../recommender/evaluation/learners.ts';
import type { Order, Ratings } from '../../recommender/evaluation/ratings.ts';
import type { ModelSettings } from '../../recommender/options.ts';

/** What a protocol is asked to do. */
export interface Task {
  readonly ratings: Ratings;
  readonly hash: string;
  readonly engines: readonly LearnerName[];
  readonly order: Order;
  readonly seed: number;
  readonly model: ModelSettings;
  readonly say: (text: string) => void;
}
