import { randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import type { ClickHouse, QueryParams } from './connection.ts';
import { commentPrefix, slotComment } from './delivery-settings.ts';
import type { Slot } from './sink-store.ts';

export interface Ownership {
  readonly slot: Slot;
  readonly epoch: bigint;
}

/**
 * Comment of a statement that needs these ownerships. Only them: a rebuild that prepares beside the sink owns its lock and
 * not the slot, and a claim of the slot must not wait for it.
 */
export function ownedComment(database: string, owned: readonly Ownership[], what: string): string {
  return slotComment(
    database,
    owned.map(({ slot }) => slot),
    what,
  );
}

/**
 * Rows of the fence that stand for work instead of a slot: one audit, one rebuild (or rewind, or retention) and one self-test
 * at a time, the newest wins.
 */
export const SELF_TEST_LOCK: Slot = 65_533;
export const AUDIT_LOCK: Slot = 65_534;
export const REBUILD_LOCK: Slot = 65_535;

const LOCK_NAMES: ReadonlyMap<Slot, string> = new Map([
  [SELF_TEST_LOCK, 'self-test'],
  [AUDIT_LOCK, 'audit'],
  [REBUILD_LOCK, 'rebuild, rewind or retention'],
]);

/** VIOLATED_CONSTRAINT: a statement ends so whose epoch is not the newest, and so does a row that fails a table's CHECK. */
const FENCED_NUMBER = 469;
/** What tells the two apart: the server hands on what a guard says, and a failed CHECK names its constraint. */
const FENCED_WORDS = 'fenced: another process took over';

/**
 * A condition that ends the statement with FENCED_NUMBER and FENCED_WORDS unless every slot still has the given epoch. The subquery is a
 * constant, so it is evaluated once, when the statement starts. Takes the parameters of `fenceParams`.
 */
export const FENCE_GUARD = `throwIf((
  SELECT groupArray(newest) FROM
    (SELECT max(epoch) AS newest FROM fence WHERE slot IN {fence_slots:Array(UInt16)} GROUP BY slot ORDER BY slot)
) != {fence_epochs:Array(UInt64)}, '${FENCED_WORDS}', toInt32(${FENCED_NUMBER})) = 0`;

/** True for the error of a statement that FENCE_GUARD ended. */
export function isFenced(thrown: unknown): boolean {
  if (!(thrown instanceof ReelstreamError)) return false;
  if (thrown.code === 'fenced') return true;
  return thrown.details.number === FENCED_NUMBER && thrown.message.includes(FENCED_WORDS);
}

export function fenceParams(owned: readonly Ownership[]) {
  const sorted = [...owned].sort((a, b) => a.slot - b.slot);
  return { fence_slots: sorted.map(({ slot }) => slot), fence_epochs: sorted.map(({ epoch }) => epoch) };
}

/** Low bits are random, so that two claims in the same instant get different epochs and one of them loses. */
const RANDOM_BITS = 16n;

/**
 * Writes a new epoch for the slots: from here on no statement of a former owner can start. Server time keeps epochs rising
 * over restored backups of the fence table as well.
 */
export async function takeEpoch(clickhouse: ClickHouse, slots: readonly Slot[]): Promise<bigint> {
  const [row] = await clickhouse.query<{ now: string; newest: string }>(
    'SELECT toUInt64(toUnixTimestamp64Nano(now64(9))) AS now, max(epoch) AS newest FROM fence',
  );
  const after = (BigInt(row!.newest) >> RANDOM_BITS) + 1n;
  const now = BigInt(row!.now) >> RANDOM_BITS;
  const epoch = ((now > after ? now : after) << RANDOM_BITS) | BigInt(randomInt(1 << Number(RANDOM_BITS)));
  await clickhouse.command(
    `INSERT INTO fence (slot, epoch, owner)
     SELECT arrayJoin({slots:Array(UInt16)}), {epoch:UInt64}, {owner:String}`,
    {
      params: { slots, epoch, owner: `${hostname()}/${process.pid}` },
      settings: { async_insert: 0, insert_deduplicate: 0 },
    },
  );
  return epoch;
}

/** Slots whose newest epoch is not the given one: another process has taken them. */
export async function lostSlots(clickhouse: ClickHouse, owned: readonly Ownership[]): Promise<Slot[]> {
  const rows = await clickhouse.query<{ slot: number; newest: string }>(
    'SELECT slot, max(epoch) AS newest FROM fence WHERE slot IN {slots:Array(UInt16)} GROUP BY slot',
    { params: { slots: owned.map(({ slot }) => slot) } },
  );
  const newest = new Map(rows.map((row) => [row.slot, BigInt(row.newest)]));
  return owned.filter(({ slot, epoch }) => newest.get(slot) !== epoch).map(({ slot }) => slot);
}

/** @throws ReelstreamError `fenced` with the lost slots in details */
export async function assertOwned(clickhouse: ClickHouse, owned: readonly Ownership[]): Promise<void> {
  const lost = owned.length === 0 ? [] : await lostSlots(clickhouse, owned);
  if (lost.length > 0) throw fencedError(lost);
}

export function fencedError(lost: readonly Slot[], cause?: unknown): ReelstreamError {
  const lock = lost.map((slot) => LOCK_NAMES.get(slot)).find((name) => name !== undefined);
  const message = lock
    ? `another ${lock} was started: this one gives way`
    : `slots ${lost.join(', ')} were taken over; nothing was written`;
  return new ReelstreamError('fenced', message, { cause, details: { slots: lost.join(',') } });
}

/** What FENCE_GUARD ended as `fenced`, with the slots that were lost; anything else as it is. */
export async function namedIfFenced(
  clickhouse: ClickHouse,
  owned: readonly Ownership[],
  thrown: unknown,
): Promise<unknown> {
  return isFenced(thrown) ? fencedError(await lostSlots(clickhouse, owned), thrown) : thrown;
}

/**
 * Statements that name one of the slots in their comment and still run, or have failed and not yet left the list. Only kinds
 * that can change a table: anybody may put such a comment on a SELECT.
 */
const NAMES_A_SLOT = `
  query_kind IN ('Insert', 'Alter', 'Create', 'Drop') AND startsWith(Settings['log_comment'], {prefix:String})
    AND hasAny(splitByChar(',', splitByChar('/', Settings['log_comment'])[3]), {slots:Array(String)})`;

async function countRunning(clickhouse: ClickHouse, params: QueryParams): Promise<number> {
  const [row] = await clickhouse.query<{ n: string }>(
    `SELECT count() AS n FROM system.processes WHERE ${NAMES_A_SLOT}`,
    { params },
  );
  return Number(row!.n);
}

export interface DrainOptions {
  readonly clock: Clock;
  /** statements get this long to end by themselves before they are killed */
  readonly graceMs: number;
  /** must lie below the group's rebalance time-out */
  readonly timeoutMs: number;
}

const POLL_INTERVAL_MS = 25;
const KILL_INTERVAL_MS = 1_000;

/**
 * Waits until no statement of these slots runs. Together with a new epoch this leaves no window: what starts later is
 * refused, what started earlier is waited for. Kills without SYNC, which may never return.
 * @throws ReelstreamError `timeout`
 */
export async function drain(
  clickhouse: ClickHouse,
  slots: readonly Slot[],
  { clock, graceMs, timeoutMs }: DrainOptions,
): Promise<void> {
  const startedMs = clock.monotonicMs();
  const params = { prefix: commentPrefix(clickhouse.database), slots: slots.map(String) };
  let killAtMs = graceMs;
  for (;;) {
    const running = await countRunning(clickhouse, params);
    if (running === 0) return;
    const waitedMs = clock.monotonicMs() - startedMs;
    if (waitedMs > timeoutMs) {
      throw new ReelstreamError(
        'timeout',
        `${running} statements of a former owner of slots ${slots.join(', ')} still run`,
      );
    }
    if (waitedMs >= killAtMs) {
      // a KILL may come before the server knows the statement, so once is not enough
      killAtMs = waitedMs + KILL_INTERVAL_MS;
      await clickhouse.command(`KILL QUERY WHERE ${NAMES_A_SLOT} ASYNC`, { params });
    }
    await clock.sleep(POLL_INTERVAL_MS);
  }
}
