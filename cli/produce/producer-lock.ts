import { ReelstreamError } from '../../core/errors.ts';
import { takeFileLock } from '../../embedded/supervisor/file-lock.ts';
import { ownIdentity } from '../../embedded/supervisor/process-identity.ts';

/**
 * The lock of a producer on its position, by the same rules as the stack's.
 * @throws ReelstreamError `usage` while another producer holds it
 */
export async function takeProducerLock(path: string): Promise<() => Promise<void>> {
  const lock = await takeFileLock(path, ownIdentity(), { waitsFor: () => false });
  if ('release' in lock) return async () => lock.release();
  throw new ReelstreamError('usage', `process ${lock.pid} holds ${path}: stop that producer first`);
}
