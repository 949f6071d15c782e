import { toReelstreamError } from '../../core/errors.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import type { RunClaims } from '../../producer/verify/claims.ts';
import {
  createDifferences,
  DIFFERENCE_KINDS,
  type Difference,
  type DifferenceKind,
} from '../../producer/verify/differences.ts';
import { createIdentify, FOREIGN } from '../../producer/verify/identify.ts';
import type { LoadedClaims } from '../../producer/verify/load-claims.ts';
import type { OutcomeCounts } from '../../producer/verify/log-image.ts';
import { addUpClaims } from '../../producer/verify/totals.ts';
import { compareTables } from './compare-tables.ts';
import { planLog } from './plan-log.ts';
import { readLog } from './read-log.ts';
import type { Verification, VerifyDeps } from './verification.ts';

/**
 * Proves, or refutes, that every event of a run is where its ledger says: in the log, in events_raw, among the dead letters.
 * @throws ReelstreamError when that cannot be told: see `planLog` and `compareTables`. What the log alone refutes is
 * reported all the same, whatever becomes of ClickHouse.
 */
export async function verify(deps: VerifyDeps, { claims, files }: LoadedClaims): Promise<Verification> {
  const differences = createDifferences();
  const claimed = addUpClaims(claims, differences);
  const plan = await planLog(deps.admin, claims.log);
  const read = await readLog(deps, claims, plan, differences);
  let outcomes: OutcomeCounts[] | null = null;
  let notCompared: string | null = null;
  if (deps.clickhouse !== null) {
    try {
      outcomes = await compareTables(deps, deps.clickhouse, claims.log, plan, read);
    } catch (error) {
      if (differences.total === 0) throw error;
      notCompared = toReelstreamError(error).message;
    }
  }
  const kinds = Object.keys(DIFFERENCE_KINDS) as DifferenceKind[];
  return {
    exact: differences.total === 0,
    runId: claims.runId,
    clusterId: claims.log.clusterId,
    topic: claims.log.topic,
    ledgers: files,
    claimed,
    log: read.counts,
    outcomes,
    notCompared,
    differences: new Map(kinds.map((kind) => [kind, differences.count(kind)])),
    examples: await nameEvents(deps.admin, claims, differences.examples()),
  };
}

/** Rows and letters are known by their place; which event it was, the record there tells. */
async function nameEvents(
  admin: KafkaAdmin,
  { log, runId }: RunClaims,
  examples: readonly Difference[],
): Promise<Difference[]> {
  const identify = createIdentify(runId);
  const named: Difference[] = [];
  for (const example of examples) {
    const { event, partition, offset } = example;
    if (event !== null || partition === null || offset === null) {
      named.push(example);
      continue;
    }
    const record = await admin.recordAt(log.topic, partition, offset);
    const n = record === null ? FOREIGN : identify(record);
    named.push(n === FOREIGN ? example : { ...example, event: n });
  }
  return named;
}
