import { optionsFromSettings, type RecommenderOptions } from '../../recommender/options.ts';
import type { Settings } from '../../runtime/settings.ts';

/** The model that the settings ask for. */
export function modelOptionsFrom(settings: Settings): RecommenderOptions {
  const options = optionsFromSettings(settings.REELSTREAM_RECOMMENDER_ENGINE, {
    factors: settings.MODEL_N_FACTORS,
    epochs: settings.MODEL_N_EPOCHS,
    learningRate: settings.MODEL_LR_ALL,
    regularization: settings.MODEL_REG_ALL,
  });
  return { ...options, replayInPath: settings.REELSTREAM_RECOMMENDER_REPLAY_IN_PATH };
}
