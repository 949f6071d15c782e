/** Queries that have no answer in a pipeline that is minutes old and well, and why. Everything else must have one. */
export const MAY_BE_EMPTY: Readonly<Record<string, string>> = {
  'Overview / What is firing / A': 'nothing fires while all is well',
  'Data quality and reconciliation / Closed days / A': 'a day closes at midnight',
  'Data quality and reconciliation / Last closed period / A': 'no hour has closed since the start',
  'Data quality and reconciliation / Last closed period / B': 'no hour has closed since the start',
  'Data quality and reconciliation / Last closed period / C': 'no hour has closed since the start',
  'Data quality and reconciliation / Injected against caught / A':
    'the load here is without faults; faults.test.ts asks this very query of loads that have them',
  'Recommender and API / Error budget / A': 'nobody has asked the API for long enough for a share of answers',
  'Recommender and API / Error before learning / C':
    'the drift line is a median of hours, with the demo profile of minutes',
  'Genres / Trending / A': 'the quarter of an hour before had no ratings to compare with',
  'Companies and films / Trending films / A': 'the hour before had no ratings to compare with',
  'Companies and films / Trending companies / A': 'the hour before had no ratings to compare with',
};
