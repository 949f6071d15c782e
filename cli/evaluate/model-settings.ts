import {
  type ModelSettings,
  optionsFromSettings,
  type RecommenderOptions,
} from '../../recommender/options.ts';
import type { Settings } from '../../runtime/settings.ts';

export const modelSettingsFrom = (settings: Settings): ModelSettings => ({
  factors: settings.MODEL_N_FACTORS,
  epochs: settings.MODEL_N_EPOCHS,
  learningRate: settings.MODEL_LR_ALL,
  regularization: settings.MODEL_REG_ALL,
});

/** The model that the settings ask for; their defaults are what was chosen for each engine. */
export function recommenderFrom(settings: Settings): RecommenderOptions {
  return {
    ...optionsFromSettings(settings.REELSTREAM_RECOMMENDER_ENGINE, modelSettingsFrom(settings)),
    replayInPath: settings.REELSTREAM_RECOMMENDER_REPLAY_IN_PATH,
  };
}
