import { stat } from 'node:fs/promises';
import type { Scratch, ScratchFile } from './scratch.ts';
import { ServerException, toServerException } from './server-exception.ts';

const LOOK_INTERVAL_MS = 50;

/**
 * The engine writes the file by itself and knows no limit: its size is looked at while it grows, and counted.
 * @returns what `write` resolved with
 * @throws ServerException 396 when this answer alone is larger than the budget, 243 when all of them together are
 */
export async function writeWithinBudget<T>(
  file: ScratchFile,
  { maxBytes }: Scratch,
  write: () => Promise<T>,
  giveUp: () => void,
): Promise<T> {
  let refusal: ServerException | null = null;
  const count = async () => {
    const size = await sizeOf(file.path);
    if (size > maxBytes) throw tooLarge(maxBytes);
    file.grow(Math.max(0, size - file.bytes));
  };
  const timer = setInterval(() => {
    if (refusal) return;
    count().catch((thrown) => {
      refusal ??= toServerException(thrown);
      giveUp();
    });
  }, LOOK_INTERVAL_MS);
  try {
    const result = await write();
    clearInterval(timer);
    await count();
    return result;
  } catch (thrown) {
    throw refusal ?? thrown;
  } finally {
    clearInterval(timer);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 0; // the engine has not begun
    throw cause;
  }
}

function tooLarge(maxBytes: number): ServerException {
  const message = `The answer is larger than the ${maxBytes} bytes that can be held back; ask without wait_end_of_query`;
  return new ServerException(396, 'TOO_MANY_ROWS_OR_BYTES', message);
}
