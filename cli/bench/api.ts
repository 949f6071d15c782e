import { type ApiBench, benchApi } from '../../bench/api.ts';
import { benchCatchUp, type CatchUpBench, type Stretch } from '../../bench/catch-up.ts';
import { benchFreshness, type FreshnessBench } from '../../bench/freshness.ts';
import type { Latency } from '../../bench/open-loop.ts';
import type { Cell } from '../print.ts';
import { type Bench, benchTools } from './bench.ts';

const latencyRows = (what: string, { p50Ms, p99Ms, maxMs }: Latency): [string, Cell][] => [
  [`${what}, p50 (ms)`, p50Ms],
  [`${what}, p99 (ms)`, p99Ms],
  [`${what}, longest (ms)`, maxMs],
];

export const api: Bench<ApiBench> = {
  name: 'api',
  summary: 'the REST API over the sample, 500 mixed requests per second, open loop; --events are requests',
  events: 30_000,
  run: (events) => benchApi(events, benchTools),
  rows: ({ requests, perSecond, all, byKind, statuses, failed, cpuMsPerRequest }) => [
    ['requests', requests],
    ['per second', perSecond],
    ...latencyRows('all', all),
    ...byKind.flatMap(({ kind, ...latency }) => [
      [`${kind}, requests`, latency.count] as [string, Cell],
      ...latencyRows(kind, latency).slice(0, 2),
    ]),
    ...Object.entries(statuses).map(([status, count]): [string, Cell] => [`answered ${status}`, count]),
    ['failed', failed],
    ['CPU of the recommender per request (ms)', cpuMsPerRequest],
  ],
};

export const freshness: Bench<FreshnessBench> = {
  name: 'freshness',
  summary: 'a rating through the API until the list shows it, beside 2,000 events/s; --events are probes',
  events: 1_000,
  run: (events) => benchFreshness(events, benchTools),
  rows: ({ probes, loadPerSecond, acknowledged, changed, lateProbes, failed }) => [
    ['probes', probes],
    ['events per second beside', Math.round(loadPerSecond)],
    ...latencyRows('rating acknowledged', acknowledged),
    ...latencyRows('list changed', changed),
    ['probes whose first list was not changed yet', lateProbes],
    ['probes that failed', failed],
  ],
};

const stretchRows = (what: string, { latency, statuses }: Stretch): [string, Cell][] => [
  ...latencyRows(`reads ${what}`, latency),
  ...Object.entries(statuses).map(([status, count]): [string, Cell] => [`  answered ${status}`, count]),
];

export const catchUp: Bench<CatchUpBench> = {
  name: 'catch-up',
  summary:
    'reads of a recommender that starts behind its log, then of the same when it has caught up; --events wait',
  events: 300_000,
  run: (events) => benchCatchUp(events, benchTools),
  rows: ({ during, after, ...one }) => [
    ['events that waited', one.backlog],
    ['reads per second', one.readsPerSecond],
    ['alive to the first read answered (s)', one.firstReadSeconds],
    ['alive to ready (s)', one.readySeconds],
    ['events learned per second meanwhile', Math.round(one.learnedPerSecond)],
    ...stretchRows('while it catches up', during),
    ...stretchRows('afterwards', after),
  ],
};
