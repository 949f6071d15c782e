import type { Configure } from './command.ts';

export interface CommandEntry {
  readonly name: string;
  /** positional arguments as commander writes them */
  readonly usage?: string;
  readonly summary: string;
  /** run by the supervisor, not by people */
  readonly hidden?: boolean;
  readonly load: () => Promise<{ configure: Configure }>;
}

/** Every command, in the order of `reelstream --help`. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'start',
    summary: 'run everything on this machine, with live figures and a summary at the end',
    load: () => import('./commands/start.ts'),
  },
  {
    name: 'up',
    summary: 'start the embedded stack in the background',
    load: () => import('./commands/up.ts'),
  },
  { name: 'down', summary: 'stop the stack', load: () => import('./commands/down.ts') },
  {
    name: 'status',
    summary: 'what of the stack runs, and where',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'doctor',
    summary: 'what is wrong, and what to do about it',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'migrate',
    summary: 'create or update the tables and views',
    load: () => import('./commands/migrate.ts'),
  },
  {
    name: 'sql',
    usage: '<query>',
    summary: 'ask ClickHouse, read-only',
    load: () => import('./commands/sql.ts'),
  },
  {
    name: 'export',
    usage: '<dir>',
    summary: 'write every answer and every table as CSV and Parquet, with a manifest',
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'audit',
    summary: 'prove every aggregate against events_raw, key by key',
    load: () => import('./commands/audit.ts'),
  },
  {
    name: 'recover',
    summary: 'repair the aggregates from events_raw',
    load: () => import('./commands/recover.ts'),
  },
  {
    name: 'rebuild',
    summary: 'derive the aggregates anew, also under a newer catalogue',
    load: () => import('./commands/rebuild.ts'),
  },
  {
    name: 'retain',
    summary: 'drop raw rows that are older than a number of months; the aggregates stay',
    load: () => import('./commands/retain.ts'),
  },
  {
    name: 'version',
    summary: 'print the versions of Reelstream and of the Kafka, registry and ClickHouse engine it runs',
    load: () => import('./commands/version.ts'),
  },
  {
    name: 'clickhouse-server',
    summary: 'the embedded ClickHouse server (one process of the stack)',
    hidden: true,
    load: () => import('./commands/clickhouse-server.ts'),
  },
  {
    name: 'produce',
    summary: 'send rating events to Kafka: replay a file, then live load',
    load: () => import('./commands/produce.ts'),
  },
  {
    name: 'produce-worker',
    summary: 'one process of produce --workers',
    hidden: true,
    load: () => import('./commands/produce-worker.ts'),
  },
  {
    name: 'distribution',
    usage: '<ratings>',
    summary: "make the load simulator's distribution of ratings from a ratings file",
    load: () => import('./commands/distribution.ts'),
  },
  {
    name: 'sink',
    summary: 'Kafka to ClickHouse: events_raw and every aggregate, exactly once per log record',
    load: () => import('./commands/sink.ts'),
  },
  {
    name: 'recommender',
    summary: 'learn from the ratings topic as it comes; a restart goes on bit for bit',
    load: () => import('./commands/recommender.ts'),
  },
  {
    name: 'console',
    summary: 'dashboards, alerts, questions and recommendations on a web page',
    load: () => import('./commands/console.ts'),
  },
  {
    name: 'reconcile',
    summary: 'look from outside: lag, source against sink, row counts, canaries, checks',
    load: () => import('./commands/reconcile.ts'),
  },
  {
    name: 'check',
    summary: 'run the row-count checks now',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'catalog',
    summary: 'load the catalogue of films: catalog load <dir>',
    load: () => import('./commands/catalog.ts'),
  },
  {
    name: 'ask',
    usage: '[question]',
    summary: 'answer a named question: ask --list',
    load: () => import('./commands/ask.ts'),
  },
  {
    name: 'recommend',
    usage: '<user>',
    summary: 'what a user is recommended now, and why',
    load: () => import('./commands/recommend.ts'),
  },
  {
    name: 'verify',
    summary: "prove from a run's ledger where every event went",
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'evaluate',
    summary: 'how good the recommender is on a file of ratings, beside the batch model',
    load: () => import('./commands/evaluate.ts'),
  },
  {
    name: 'tune',
    summary: "search settings of a rating model: the batch model's known grid, or an engine's own",
    load: () => import('./commands/tune.ts'),
  },
  {
    name: 'drill',
    usage: '<fault...>',
    summary: 'cause a fault on purpose and see that its alert, and no other, is told',
    load: () => import('./commands/drill.ts'),
  },
  {
    name: 'bench',
    summary: 'measure a part of the pipeline on this machine',
    load: () => import('./commands/bench.ts'),
  },
];
