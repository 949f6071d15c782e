import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { INJECTED_AGAINST_CAUGHT } from './injected-caught.ts';
import { judged, promTable, type Steps, said } from './panels.ts';

/** Nothing but 0 is right. */
const ONLY_ZERO: Steps = [
  [null, 'red'],
  [0, 'green'],
  [1, 'red'],
];

/** Known answers: what the load simulator sent on purpose against what the tables say was caught. */
export function injectedAgainstCaught(): TableBuilder {
  return promTable(
    said(
      'Injected against caught',
      'Records that the load simulator spoilt on purpose and Kafka acknowledged, against what ClickHouse holds of each reason. Only a difference of 0 is right: above 0 faults got through, below 0 there are bad records that nobody injected. What was sent within the last 90 seconds may still be on its way and is not missed. No difference is shown where it could not be exact: the sink or the reconciler is more than a minute behind or down, or a run is older than what Prometheus holds of both sides. domain: values that mean nothing, and clocks that are too fast; duplicate: every further copy; the others are poison.',
      // to the record: no thousands as 1.2 K
      'none',
      { noValue: 'no load simulator has injected faults in this time', width: 24, height: 9 },
    ),
    INJECTED_AGAINST_CAUGHT,
  )
    .withTransformation({
      id: 'groupingToMatrix',
      options: { rowField: 'reason', columnField: 'side', valueField: 'Value', emptyValue: 'null' },
    })
    .overrideByName('difference', judged(ONLY_ZERO));
}
