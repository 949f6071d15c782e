import type { Clock } from '../../core/clock.ts';
import type { ReelstreamError } from '../../core/errors.ts';
import type { Decode } from '../../core/judge.ts';
import type { Logger } from '../../core/logger.ts';
import type { Metrics } from '../../core/metrics-port.ts';
import type { OffsetRun } from '../../core/offset-run.ts';
import type { Fetch, LogReader } from '../../kafka/log-reader.ts';
import type { LogProbe } from '../log-probe.ts';
import type { Outcome } from '../outcome.ts';
import type { HeldFetch } from '../owned-slot.ts';
import type { Journal } from './journal-file.ts';
import type { LearnerMetrics } from './learner-metrics.ts';
import type { Learned, LearnerState } from './learner-state.ts';
import type { PositionWaiters } from './positions.ts';
import type { Scoring } from './scoring.ts';
import type { StateFolder } from './state-folder.ts';
import type { UserDirectory } from './user-directory.ts';

export interface LearnerOptions {
  readonly topic: string;
  /** carries the lag; nobody joins it */
  readonly group: string;
  /** marks events as late, which changes nothing here */
  readonly allowedLatenessMs: number;
  /** the longest that learning keeps the process from answering */
  readonly sliceMs: number;
  /** a snapshot after so long, or after so many records, whichever comes first */
  readonly snapshotIntervalMs: number;
  readonly snapshotRecords: number;
  readonly keepSnapshots: number;
  /** share of one core that replay may take while nothing waits to be learned; 0 = none */
  readonly replayShare: number;
  readonly checkTimeoutMs: number;
  readonly commitIntervalMs: number;
}

export interface LearnerParts {
  readonly reader: LogReader;
  readonly probe: LogProbe;
  readonly decoder: {
    readonly decode: Decode;
    learn(schemaId: number, writerSchema: string): boolean;
    learnUnknown(schemaId: number): void;
  };
  /** text of a schema, null when it is certain that there is none; throws `unavailable` */
  readonly schemaOf: (schemaId: number, signal?: AbortSignal) => Promise<string | null>;
  readonly people: UserDirectory;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** One partition while it is assigned; every assignment makes a new one. */
export interface LearnerSlot {
  readonly partition: number;
  /** nothing was ever learned of it: it begins where the log begins */
  readonly isNew: boolean;
  state: 'checking' | 'learning' | 'halted' | 'unowned';
  learned: Learned;
  run: OffsetRun;
  held: HeldFetch | null;
  /** set while the registry is asked about schemas of the records it holds */
  asking: AbortController | null;
  haltReason: string | null;
  /** log end as last seen */
  logEnd: number;
  /** log end when it was assigned: behind it the learner has caught up */
  target: number;
  committed: number;
}

/** What a look at the log said about one partition. */
export interface Checked {
  readonly haltReason: string | null;
  readonly end: number;
}

/** Everything that can happen to a learner. */
export type LearnerEvent =
  | { readonly kind: 'assigned'; readonly partitions: readonly number[] }
  | { readonly kind: 'unassigned'; readonly partitions: readonly number[] }
  | { readonly kind: 'fetched'; readonly fetch: Fetch; readonly release: () => void }
  | { readonly kind: 'checked'; readonly slot: LearnerSlot; readonly outcome: Outcome<Checked> }
  | { readonly kind: 'schemas_resolved'; readonly slot: LearnerSlot; readonly outcome: Outcome<void> }
  | { readonly kind: 'snapshot_written'; readonly seq: number; readonly outcome: Outcome<number> }
  | { readonly kind: 'unreadable'; readonly partition: number; readonly error: ReelstreamError }
  | { readonly kind: 'failed'; readonly error: ReelstreamError }
  | { readonly kind: 'stop'; readonly done: () => void };

/** The state of a learner. Only the loop in learner.ts calls code that changes it. */
export interface LearnerContext {
  readonly options: LearnerOptions;
  readonly parts: LearnerParts;
  readonly state: LearnerState;
  readonly folder: StateFolder;
  readonly metrics: LearnerMetrics;
  readonly scoring: Scoring;
  readonly waiters: PositionWaiters;
  readonly post: (event: LearnerEvent) => void;
  readonly slots: Map<number, LearnerSlot>;
  journal: Journal;
  /** partitions that hold a fetch, in order of arrival */
  readonly queue: LearnerSlot[];
  /** records learned since the last snapshot was begun */
  recordsSinceSnapshot: number;
  /** records learned since the journal was last forced to disk, or began to be */
  recordsSinceSync: number;
  /** nothing more is learned: the process is ending */
  draining: boolean;
}
