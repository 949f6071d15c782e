import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { OF_TOPIC } from './frame.ts';
import { judged, promTable, type Steps, said } from './panels.ts';

/** How long a record may be on its way until somebody has counted it: scrape, sink and the reconciler's round together. */
const ON_THE_WAY = '1m';
const INJECTED = `reelstream_producer_injected_records_total{${OF_TOPIC}}`;
const CAUGHT = `reelstream_recon_caught_events{${OF_TOPIC}}`;
/** Nothing but 0 is right. */
const ONLY_ZERO: Steps = [
  [null, 'red'],
  [0, 'green'],
  [1, 'red'],
];

/**
 * What the runs of the range sent by `until`. Each run has series of its own that begin at 0, so their last values add up, where
 * `increase` would extrapolate; a run that was there before the range counts from where it stood.
 */
function injected(until: '' | ' offset 1m', before: 'min' | 'max'): string {
  const last = `max_over_time(${INJECTED}[$__range]${until})`;
  return `sum by (reason) (${last} - (${before}_over_time(${INJECTED}[1m] offset $__range) or ${last} * 0))`;
}

const ALL = injected('', 'max');
/** Where the reconciler began within the range, its first look is the beginning. */
const FOUND = `sum by (reason) (last_over_time(${CAUGHT}[$__range]) - (${CAUGHT} offset $__range or min_over_time(${CAUGHT}[$__range])))`;

/**
 * 0 as long as what is on its way can explain it: missing is what was sent a minute ago and is not there now, too much is what
 * is there and has not been sent until now. Both are exact a minute after the last fault.
 */
const MISSING = `${injected(` offset ${ON_THE_WAY}`, 'max')} - ${FOUND}`;
const TOO_MUCH = `${injected('', 'min')} - ${FOUND}`;
const DIFFERENCE = `(${MISSING} > 0) or (${TOO_MUCH} < 0) or (${TOO_MUCH}) * 0`;

const side = (name: string, expr: string) => `label_replace(${expr}, "side", "${name}", "", "")`;

/** Known answers: what the load simulator sent on purpose against what the tables say was caught. */
export function injectedAgainstCaught(): TableBuilder {
  const sides = [
    side('injected', ALL),
    side('caught', `${FOUND} and on (reason) ${ALL}`),
    side('difference', DIFFERENCE),
  ];
  return promTable(
    said(
      'Injected against caught',
      'Records that the load simulator spoilt on purpose against what ClickHouse holds of each reason. Only a difference of 0 is right: above 0 faults got through, below 0 there are bad records that nobody injected. What was sent within the last minute may still be on its way and is not missed. domain: values that mean nothing, and clocks that are too fast; duplicate: every further copy; the others are poison.',
      // to the record: no thousands as 1.2 K
      'none',
      { noValue: 'no load simulator has run in this time', width: 24, height: 9 },
    ),
    sides.join(' or '),
  )
    .withTransformation({
      id: 'groupingToMatrix',
      options: { rowField: 'reason', columnField: 'side', valueField: 'Value', emptyValue: 'zero' },
    })
    .overrideByName('difference', judged(ONLY_ZERO));
}
