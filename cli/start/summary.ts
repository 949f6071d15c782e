import type { AuditReport } from '../../clickhouse/audit.ts';
import type { Cell } from '../print.ts';

/** Figures of one run, each read where it is true: the producer, the log, the tables. */
export interface RunFigures {
  readonly generated: number;
  readonly acknowledged: number;
  /** rows of `events_raw` whose offsets lie in this run's range of the log, without the reconciler's canaries */
  readonly rawRows: number;
  readonly canaries: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly deadLetters: number;
  readonly targetRate: number;
  readonly achievedRate: number;
  readonly freshnessP50Ms: number | null;
  readonly freshnessP99Ms: number | null;
  readonly firstRowMs: number | null;
  readonly peakMemoryBytes: number;
  readonly peakMemoryByProcess: Readonly<Record<string, number>>;
  readonly audit: AuditReport;
}

/** Why the run must not be called good; empty when it was. */
export function faultsOf(figures: RunFigures): string[] {
  const faults: string[] = [];
  if (figures.generated !== figures.acknowledged) {
    faults.push(`${figures.generated - figures.acknowledged} generated events were not acknowledged`);
  }
  if (figures.rawRows < figures.acknowledged) {
    faults.push(`${figures.acknowledged} events were acknowledged but ${figures.rawRows} are in events_raw`);
  }
  const { tables, gaps, unfinished, exact } = figures.audit;
  for (const { table, differing } of tables) {
    if (differing > 0)
      faults.push(`${table}: ${differing} keys differ from their recomputation over events_raw`);
  }
  if (gaps.length > 0) faults.push(`events_raw has ${gaps.length} gaps`);
  if (unfinished.length > 0)
    faults.push(`slots ${unfinished.join(', ')} are in the middle of a swap: run recover`);
  if (!exact && faults.length === 0) faults.push('the audit is not exact');
  return faults;
}

/** Records that others have put into the topic meanwhile; what the producer itself has sent without knowing is a fault already. */
export function foreignRows({ generated, acknowledged, rawRows }: RunFigures): number {
  return Math.max(0, rawRows - Math.max(generated, acknowledged));
}

/** The table a person sees at the end. */
export function summaryRows(figures: RunFigures): [string, Cell][] {
  const foreign = foreignRows(figures);
  const verdicts = Object.entries(figures.verdicts).map(([name, n]): [string, Cell] => [
    `  of these ${name}`,
    n,
  ]);
  const aggregates = figures.audit.tables.map(({ table, rows, differing }): [string, Cell] => [
    `rows of ${table} after audit`,
    `${rows.toLocaleString('en-US')}${differing === 0 ? ', exact' : `, ${differing} keys DIFFER`}`,
  ]);
  return [
    ['events generated', figures.generated],
    ['events acknowledged by Kafka', figures.acknowledged],
    ['rows of this run in events_raw', figures.rawRows],
    ...(foreign > 0 ? [['  of these by other producers', foreign] as [string, Cell]] : []),
    ...verdicts,
    ...aggregates,
    ['dead letters', figures.deadLetters],
    ["canaries, the reconciler's own events", figures.canaries],
    [
      'live rate, events/s',
      `${Math.round(figures.achievedRate)} of ${Math.round(figures.targetRate)} wanted`,
    ],
    [
      'freshness p50 / p99 (Kafka time to queryable)',
      `${ms(figures.freshnessP50Ms)} / ${ms(figures.freshnessP99Ms)}`,
    ],
    [
      'start to first aggregated row',
      figures.firstRowMs === null ? '-' : `${(figures.firstRowMs / 1_000).toFixed(1)} s`,
    ],
    ['peak memory of the stack', megabytes(figures.peakMemoryBytes)],
    ...Object.entries(figures.peakMemoryByProcess).map(([name, bytes]): [string, Cell] => [
      `  ${name}`,
      megabytes(bytes),
    ]),
  ];
}

function ms(value: number | null): string {
  return value === null ? '-' : `${Math.round(value)} ms`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
