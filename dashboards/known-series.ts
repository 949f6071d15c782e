import { METRIC_PREFIX, METRICS, type MetricSpec } from '../core/metrics-catalogue.ts';
import { isAlert, type RuleGroup } from './rules/rule.ts';

/** Labels that Prometheus puts on everything it scrapes. */
const SCRAPED = ['job', 'instance'];

/** Every series there is, with its labels; null where rules decide about labels. */
export function knownSeries(groups: readonly RuleGroup[]): ReadonlyMap<string, ReadonlySet<string> | null> {
  const known = new Map<string, ReadonlySet<string> | null>([
    ['up', new Set(SCRAPED)],
    ['ALERTS', null],
    [`${METRIC_PREFIX}build_info`, new Set([...SCRAPED, 'service', 'version'])],
  ]);
  for (const [name, { type, labels }] of Object.entries<MetricSpec>(METRICS)) {
    const own = [...SCRAPED, ...Object.keys(labels)];
    const full = METRIC_PREFIX + name;
    if (type !== 'histogram') known.set(full, new Set(own));
    else {
      for (const suffix of ['_sum', '_count']) known.set(full + suffix, new Set(own));
      known.set(`${full}_bucket`, new Set([...own, 'le']));
    }
  }
  for (const rule of groups.flatMap(({ rules }) => rules)) if (!isAlert(rule)) known.set(rule.record, null);
  return known;
}
