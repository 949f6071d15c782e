import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { Clock } from '../../core/clock.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import type { KafkaConnection } from '../../kafka/kafkajs-client.ts';
import type { Difference, DifferenceKind } from '../../producer/verify/differences.ts';
import type { LedgerFile } from '../../producer/verify/load-claims.ts';
import type { OutcomeCounts } from '../../producer/verify/log-image.ts';
import type { LogCounts } from '../../producer/verify/match.ts';
import type { ClaimTotals } from '../../producer/verify/totals.ts';

/** What a verification works with. */
export interface VerifyDeps {
  readonly connection: KafkaConnection;
  readonly admin: KafkaAdmin;
  /** null: only the log is looked at */
  readonly clickhouse: ClickHouse | null;
  readonly deadLetterTopic: string;
  /** longest wait for the sink to get to the end of the log */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly onProgress: (text: string) => void;
}

export interface Verification {
  readonly exact: boolean;
  readonly runId: string;
  readonly clusterId: string;
  readonly topic: string;
  readonly ledgers: readonly LedgerFile[];
  readonly claimed: ClaimTotals;
  readonly log: LogCounts;
  /** null where ClickHouse was not looked at */
  readonly outcomes: readonly OutcomeCounts[] | null;
  /** why ClickHouse was not looked at, although it should have been */
  readonly notCompared: string | null;
  readonly differences: ReadonlyMap<DifferenceKind, number>;
  /** the first ten of each kind */
  readonly examples: readonly Difference[];
}

/** One partition's part of the topic: the run's records, and before them those that they may be duplicates of. */
export interface PartitionPlan {
  readonly readFrom: number;
  readonly from: number;
  readonly to: number;
}

export type LogPlan = ReadonlyMap<number, PartitionPlan>;
