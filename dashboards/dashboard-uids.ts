/** Fixed, because alerts, links and bookmarks name them. */
export const DASHBOARD_UIDS = [
  'reelstream-overview',
  'reelstream-throughput',
  'reelstream-kafka',
  'reelstream-quality',
  'reelstream-recommender',
  'reelstream-genres',
  'reelstream-companies',
] as const;
export type DashboardUid = (typeof DASHBOARD_UIDS)[number];
