import { setMaxListeners } from 'node:events';
import { limitReached, MAX_FAN_OUT } from '../core/flush-policy.ts';
import { createJudge } from '../core/judge.ts';
import type { LogRecord } from '../core/log-record.ts';
import type { Fetch } from '../kafka/log-reader.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { OwnedSlot } from './owned-slot.ts';
import { createResolveSchemas } from './resolve-schemas.ts';
import type { SinkContext } from './sink-context.ts';
import { pause, releaseHeld, resume } from './slot-changes.ts';

/** Poison may name any schema id. What one look-up does not answer, the next fetch asks. */
const MAX_IDS_PER_LOOKUP = 256;

/** Fetches -> rows of the filling batch. */
export interface Intake {
  fetched(fetch: Fetch, release: () => void): void;
  /** a batch has room again: go on with the fetches that had to wait, in order of their arrival */
  takeHeld(): void;
  /** the registry has answered about a slot's schemas: read on */
  schemasResolved(slot: OwnedSlot, outcome: Outcome<void>): void;
}

export function createIntake(ctx: SinkContext): Intake {
  const { options, parts, metrics } = ctx;
  const { decode } = parts.decoder;
  const judge = createJudge({ decode, allowedLatenessMs: options.allowedLatenessMs });
  const resolveSchemas = createResolveSchemas(parts);
  const limits = {
    maxRows: options.maxBatchRows,
    maxBytes: options.maxBatchBytes,
    maxFanOut: MAX_FAN_OUT,
  };
  const waiting: OwnedSlot[] = [];

  function fetched(fetch: Fetch, release: () => void): void {
    const slot = ctx.owned.get(fetch.partition);
    // a fetch that was on its way when the partition was paused or left
    if (ctx.draining || slot?.state !== 'streaming' || slot.paused) {
      release();
      return;
    }
    if (slot.held || !slot.run!.accepts(fetch)) {
      metrics.discarded(fetch.records.length);
      parts.reader.seek(slot.partition, slot.run!.position);
      release();
      return;
    }
    slot.held = { fetch, next: 0, release };
    waiting.push(slot);
    takeHeld();
  }

  function takeHeld(): void {
    while (waiting.length > 0) {
      const slot = waiting[0]!;
      if (slot.held) {
        if (limitReached(ctx.batch, limits) !== null) return;
        takeRecords(slot, slot.held.fetch.records, slot.held.next);
      }
      if (!slot.held) waiting.shift();
    }
  }

  /** The path of every event: no promise, no closure, nothing that waits. */
  function takeRecords(slot: OwnedSlot, records: readonly LogRecord[], from: number): void {
    const { batch } = ctx;
    const run = slot.run!;
    const window = slot.window!;
    let next = from;
    for (; next < records.length; next++) {
      if (limitReached(batch, limits) !== null) break;
      const record = records[next]!;
      const judgement = judge(record, window);
      if (judgement === null) {
        metrics.consumed(next - from);
        askRegistry(slot, records.slice(next));
        return;
      }
      batch.add(slot, record, run.take(record.offset), judgement);
    }
    metrics.consumed(next - from);
    if (next < records.length) {
      slot.held!.next = next;
      return;
    }
    run.finish(slot.held!.fetch.nextPosition);
    releaseHeld(slot);
  }

  /** Only this partition waits. The rest of its fetch is thrown away, so that a long outage costs no memory. */
  function askRegistry(slot: OwnedSlot, rest: readonly LogRecord[]): void {
    slot.run!.stopAt(rest[0]!.offset);
    releaseHeld(slot);
    pause(ctx, slot);
    const asking = new AbortController();
    // one listener per schema id that is waited for, not a leak
    setMaxListeners(MAX_IDS_PER_LOOKUP, asking.signal);
    slot.asking = asking;
    void outcomeOf(resolveSchemas(unresolvedIds(rest), asking.signal)).then((outcome) => {
      if (slot.asking === asking) ctx.post({ kind: 'schemas_resolved', slot, outcome });
    });
  }

  /** All of them at once: each missing one takes half a minute to be sure about. */
  function unresolvedIds(records: readonly LogRecord[]): Set<number> {
    const ids = new Set<number>();
    for (const { value } of records) {
      const { unresolved } = decode(value);
      if (unresolved !== undefined) ids.add(unresolved);
      if (ids.size >= MAX_IDS_PER_LOOKUP) break;
    }
    return ids;
  }

  function schemasResolved(slot: OwnedSlot, outcome: Outcome<void>): void {
    slot.asking = null;
    if (!outcome.ok) ctx.post({ kind: 'failed', error: outcome.error });
    else if (slot.state === 'streaming') resume(ctx, slot);
  }

  return { fetched, takeHeld, schemasResolved };
}
