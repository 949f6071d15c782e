import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ReelstreamError } from '../../../core/errors.ts';

/** The largest story takes a few seconds. */
const DEADLINE_MS = 120_000;
const SAID_CHARACTERS = 2_000;

/** Makes blocks with `promtool tsdb create-blocks-from …`. */
export type CreateBlocks = (args: readonly string[]) => Promise<void>;

/** Blocks as long as promtool allows: it reads its whole input once for each. */
const LONG_BLOCKS = '--max-block-duration=48h';

/** @throws ReelstreamError `unavailable` with what promtool said, `halted` when it was told to stop */
export function createBlocksWith(promtool: string, stop: AbortSignal): CreateBlocks {
  return async (args) => {
    const child = spawn(promtool, ['tsdb', 'create-blocks-from', LONG_BLOCKS, '--quiet', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: stop,
      timeout: DEADLINE_MS,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SAID_CHARACTERS);
    });
    const failure = (why: string, cause?: unknown) =>
      stop.aborted
        ? new ReelstreamError('halted', 'the drill was stopped', { retryable: false })
        : new ReelstreamError('unavailable', `promtool made no blocks: ${why}`, { retryable: false, cause });
    const [code] = await once(child, 'close').catch((cause: Error) => {
      throw failure(cause.message, cause);
    });
    if (code !== 0) throw failure(said.trim() || `it ended with ${code}`);
  };
}
