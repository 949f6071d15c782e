import { ReelstreamError } from '../../core/errors.ts';
import { isListening, LOOPBACK } from './ports.ts';
import type { ProcessSpec } from './process-spec.ts';
import { findListener } from './resource-use.ts';

/**
 * Looks at every port before anything is started, so that all faults come at once.
 * @throws ReelstreamError `unavailable`, naming the port, who has it and the setting that chooses another
 */
export async function requireFreePorts(specs: readonly ProcessSpec[]): Promise<void> {
  const claims = specs.flatMap((spec) => spec.ports.map((claim) => ({ ...claim, name: spec.name })));
  const checked = await Promise.all(
    claims.map(async (claim) => ({ ...claim, taken: await isListening(claim.port) })),
  );
  const faults = checked.filter(({ taken }) => taken);
  if (faults.length === 0) return;
  const lines = faults.map(({ name, port, setting }) => {
    const owner = findListener(port);
    const who = owner ? `process ${owner.pid} (${owner.command})` : 'another process';
    return `port ${port} on ${LOOPBACK}, wanted by ${name}, is taken by ${who}: stop it or set ${setting}`;
  });
  throw new ReelstreamError('unavailable', lines.join('\n'), { retryable: false });
}
