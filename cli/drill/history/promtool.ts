import { type ChildProcess, spawn } from 'node:child_process';
import { ReelstreamError } from '../../../core/errors.ts';

/** The largest story takes a few seconds. */
const DEADLINE_MS = 120_000;
const SAID_CHARACTERS = 2_000;

/** Makes blocks with `promtool tsdb create-blocks-from …`. */
export type CreateBlocks = (args: readonly string[]) => Promise<void>;

/** Blocks as long as promtool allows: it reads its whole input once for each. */
const LONG_BLOCKS = '--max-block-duration=48h';

/**
 * Returns, or throws, when promtool is gone: nobody writes into the folder any more.
 * @throws ReelstreamError `unavailable` with what promtool said, `halted` when it was told to stop
 */
export function createBlocksWith(promtool: string, stop: AbortSignal): CreateBlocks {
  return async (args) => {
    const child = spawn(promtool, ['tsdb', 'create-blocks-from', LONG_BLOCKS, '--quiet', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: stop,
      timeout: DEADLINE_MS,
      // half a block is worth nothing
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SAID_CHARACTERS);
    });
    const { code, cause } = await endOf(child);
    if (stop.aborted) throw new ReelstreamError('halted', 'the drill was stopped', { retryable: false });
    if (code === 0 && cause === undefined) return;
    const why = cause?.message ?? (said.trim() || `it ended with ${code}`);
    throw new ReelstreamError('unavailable', `promtool made no blocks: ${why}`, { retryable: false, cause });
  };
}

/** An error comes before the end when it was killed, and instead of it when it never ran. */
function endOf(child: ChildProcess): Promise<{ code: number | null; cause?: Error }> {
  return new Promise((resolve) => {
    let cause: Error | undefined;
    child.once('error', (error) => {
      cause = error;
      if (child.pid === undefined) resolve({ code: null, cause });
    });
    child.once('close', (code) => resolve({ code, ...(cause && { cause }) }));
  });
}
