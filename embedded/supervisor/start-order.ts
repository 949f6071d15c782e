import { ReelstreamError } from '../../core/errors.ts';

interface Dependent {
  readonly name: string;
  readonly after: readonly string[];
}

/**
 * Runs `start` for every item as soon as all it comes after have resolved, side by side where nothing forbids it. When one
 * rejects, what comes after it is not started; resolves with the outcome of every item once nothing is under way.
 */
export async function inStartOrder<T extends Dependent>(
  items: readonly T[],
  start: (item: T) => Promise<void>,
): Promise<Map<string, PromiseSettledResult<void>>> {
  const waves = toWaves(items);
  const outcomes = new Map<string, Promise<void>>();
  for (const item of waves.flat()) {
    const before = item.after.flatMap((name) => outcomes.get(name) ?? []);
    outcomes.set(
      item.name,
      Promise.all(before).then(() => start(item)),
    );
  }
  const settled = await Promise.allSettled(outcomes.values());
  return new Map([...outcomes.keys()].map((name, i) => [name, settled[i]!]));
}

/** Stops in the opposite order: an item's turn comes when everything that was started after it has been stopped. */
export async function inStopOrder<T extends Dependent>(
  items: readonly T[],
  stop: (item: T) => Promise<void>,
): Promise<Map<string, PromiseSettledResult<void>>> {
  const reversed = items.map((item) => ({
    name: item.name,
    item,
    after: items.filter((other) => other.after.includes(item.name)).map((other) => other.name),
  }));
  // A process that could not be stopped must not keep the rest running
  const failures = new Map<string, unknown>();
  await inStartOrder(reversed, async ({ name, item }) => {
    await stop(item).catch((reason: unknown) => failures.set(name, reason));
  });
  return new Map(
    items.map(({ name }) => [
      name,
      failures.has(name)
        ? { status: 'rejected', reason: failures.get(name) }
        : { status: 'fulfilled', value: undefined },
    ]),
  );
}

/**
 * Items grouped by how far they are from the beginning. Names that are not among the items are taken as being there already.
 * @throws ReelstreamError `usage` when items wait for each other in a circle
 */
export function toWaves<T extends Dependent>(items: readonly T[]): T[][] {
  const waves: T[][] = [];
  let waiting = [...items];
  while (waiting.length > 0) {
    const names = new Set(waiting.map((item) => item.name));
    const wave = waiting.filter((item) => !item.after.some((name) => names.has(name)));
    if (wave.length === 0) throw new ReelstreamError('usage', `${[...names].join(', ')} wait for each other`);
    waves.push(wave);
    waiting = waiting.filter((item) => !wave.includes(item));
  }
  return waves;
}
