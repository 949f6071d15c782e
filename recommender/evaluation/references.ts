/** Figures of other programs on one file of ratings; comparable with ours on that file alone. */
export interface Reference {
  readonly program: string;
  /** how it saw the rows */
  readonly order: string;
  readonly passes: string;
  readonly rmse: number;
  readonly mae: number;
}

/** SHA-256 of MovieLens ml-latest-small's ratings.csv, which the project carries in data/. */
export const SAMPLE_HASH = 'e21ad9f97dc3c2a1b49bdb14611a120333e92c4bd09fdaf9854b398155b4b14b';

/**
 * On folds hash3 of the sample, measured once with scikit-surprise 1.1.5 (numpy 2.4, Python 3.11). SVD: the mean of three
 * seeds with 50 factors, 50 epochs, rate 0.008, regularisation 0.2. Random order: another permutation than ours.
 */
export const SURPRISE_ON_SAMPLE: readonly Reference[] = [
  { program: 'scikit-surprise SVD', order: 'time', passes: '50 epochs', rmse: 0.8769, mae: 0.6755 },
  { program: 'scikit-surprise SVD', order: 'random', passes: '50 epochs', rmse: 0.8721, mae: 0.6706 },
  { program: 'scikit-surprise SVD', order: 'file', passes: '50 epochs', rmse: 0.8766, mae: 0.674 },
  { program: 'scikit-surprise SVDpp', order: 'file', passes: '20 epochs', rmse: 0.8715, mae: 0.6684 },
  { program: 'scikit-surprise item KNN', order: 'file', passes: 'all pairs', rmse: 0.8616, mae: 0.6579 },
];

export interface StreamReference {
  readonly program: string;
  readonly all: number;
  readonly last20: number;
  readonly last10: number;
}

/** Prequential RMSE of river 0.26.1 on the sample in order of time, with the settings its documentation uses. */
export const RIVER_ON_SAMPLE: readonly StreamReference[] = [
  { program: 'river Baseline', all: 0.8679, last20: 0.8047, last10: 0.771 },
  { program: 'river BiasedMF', all: 0.8651, last20: 0.7996, last10: 0.7641 },
];
