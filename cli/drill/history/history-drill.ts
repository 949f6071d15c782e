import type { Expectation } from '../drill-case.ts';
import type { PipelineStory } from './pipeline-story.ts';

/**
 * One fault in days of history, as data. Its story is looked at in three moments, each as if it were now: nothing may be told at
 * the first one, exactly the expected at the second, and that it is over at the third.
 */
export interface HistoryDrill {
  readonly name: string;
  readonly fault: string;
  readonly expected: readonly Expectation[];
  readonly story: PipelineStory;
  readonly past: PastSpans;
  /** minutes of the story */
  readonly moments: Readonly<Record<Moment, number>>;
  /** what is the case at each of them, for people */
  readonly words: Readonly<Record<Moment, string>>;
}

/** What Prometheus is given of the past before a moment. */
export interface PastSpans {
  /** minutes ago, from and to, the oldest first: what lies between no rule looks at */
  readonly spans: readonly (readonly [from: number, to: number])[];
  /** how far apart samples are */
  readonly stepSeconds: number;
}

export const MOMENTS = ['silent', 'told', 'over'] as const;
export type Moment = (typeof MOMENTS)[number];
