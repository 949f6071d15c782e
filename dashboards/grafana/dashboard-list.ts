import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { DashboardUid } from '../dashboard-uids.ts';
import { companies } from './companies.ts';
import { genres } from './genres.ts';
import { kafka } from './kafka.ts';
import { overview } from './overview.ts';
import { quality } from './quality.ts';
import type { Questions } from './question-sql.ts';
import { recommender } from './recommender.ts';
import { throughput } from './throughput.ts';

/** Every dashboard as Grafana's JSON, by its uid; the SQL of the questions comes from their files. */
export function dashboards(questions: Questions): Readonly<Record<DashboardUid, Dashboard>> {
  return {
    'reelstream-overview': overview().build(),
    'reelstream-throughput': throughput().build(),
    'reelstream-kafka': kafka().build(),
    'reelstream-quality': quality().build(),
    'reelstream-recommender': recommender().build(),
    'reelstream-genres': genres(questions).build(),
    'reelstream-companies': companies(questions).build(),
  };
}
