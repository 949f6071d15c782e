import { stat } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';

export interface SettledOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** between two looks at the files */
  readonly pollMs?: number;
  /** after which they are taken for being written all the time */
  readonly deadlineMs?: number;
}

const POLL_MS = 5_000;
const DEADLINE_MS = 15 * 60_000;

/**
 * Resolves when nobody seems to be writing: sizes and times of change are the same at two looks in a row, or the newest
 * change is older than the time between them. A copy that stalls for longer cannot be told from a whole one; an archive's
 * own directory and checksums tell it.
 * @param paths reads the files anew at each look, because a copy of a folder adds to them
 * @throws ReelstreamError `unavailable` after the deadline
 */
export async function untilSettled(
  paths: () => Promise<readonly string[]>,
  { clock, signal, pollMs = POLL_MS, deadlineMs = DEADLINE_MS }: SettledOptions,
): Promise<void> {
  const startMs = clock.monotonicMs();
  for (let before: string | null = null; ; ) {
    const { text, newestMs } = await look(await paths());
    if (text === before) return;
    const ageMs = clock.nowMs() - newestMs;
    if (before === null && ageMs > pollMs) return;
    if (clock.monotonicMs() - startMs >= deadlineMs) {
      throw new ReelstreamError(
        'unavailable',
        'the files are still being written; the catalogue in use stays',
      );
    }
    before = text;
    await clock.sleep(pollMs, signal);
    signal.throwIfAborted();
  }
}

async function look(paths: readonly string[]): Promise<{ text: string; newestMs: number }> {
  const found = await Promise.all(
    paths.map(async (path) => {
      // one that went away meanwhile is a change, too
      const { size, mtimeMs } = await stat(path).catch(() => ({ size: -1, mtimeMs: 0 }));
      return { text: `${path} ${size} ${mtimeMs}`, mtimeMs };
    }),
  );
  return {
    text: found.map(({ text }) => text).join('\n'),
    newestMs: Math.max(0, ...found.map(({ mtimeMs }) => mtimeMs)),
  };
}
