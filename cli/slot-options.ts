import type { ClickHouse } from '../clickhouse/connection.ts';
import { readStreams } from '../clickhouse/slots.ts';
import { ReelstreamError } from '../core/errors.ts';

/** UInt16 */
const MAX_SLOT = 65_535;

/** `--slots 0,3`: numbers as they stand in the tables. */
export function parseSlots(text: string): number[] {
  const items = text.split(',');
  if (items.every((item) => /^\d+$/.test(item) && Number(item) <= MAX_SLOT)) return items.map(Number);
  throw new ReelstreamError('usage', `--slots: "${text}" is not a list of slot numbers such as 0,3`);
}

/**
 * The slots asked for, or every one that was ever allocated.
 * @throws ReelstreamError `usage` for a slot that does not exist
 */
export async function chosenSlots(
  clickhouse: ClickHouse,
  asked: readonly number[] | undefined,
): Promise<number[]> {
  const known = (await readStreams(clickhouse)).map(({ slot }) => slot);
  const missing = (asked ?? []).filter((slot) => !known.includes(slot));
  if (missing.length === 0) return asked ? [...asked] : known;
  throw new ReelstreamError(
    'usage',
    `no slot ${missing.join(', ')}; there are ${known.join(', ') || 'none'}`,
  );
}
