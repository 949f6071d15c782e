import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
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
  const built: Readonly<Record<DashboardUid, Dashboard>> = {
    'reelstream-overview': overview().build(),
    'reelstream-throughput': throughput().build(),
    'reelstream-kafka': kafka().build(),
    'reelstream-quality': quality().build(),
    'reelstream-recommender': recommender().build(),
    'reelstream-genres': genres(questions).build(),
    'reelstream-companies': companies(questions).build(),
  };
  for (const dashboard of Object.values(built)) numberPanels(dashboard.panels ?? []);
  return built;
}

/** In reading order, so that a link to a panel and the console's requests for its data name the same one. */
function numberPanels(panels: readonly (Panel | RowPanel)[]): void {
  for (const [i, panel] of panels.entries()) panel.id = i + 1;
}
