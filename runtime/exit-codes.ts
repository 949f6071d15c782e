import type { ErrorCode } from '../core/errors.ts';

/** 0 fine, 1 the thing asked about is false or the work failed, 2 wrong use, 3 a dependency is away. */
export type ExitCode = 0 | 1 | 2 | 3;

export function exitCodeOf(code: ErrorCode): ExitCode {
  if (code === 'usage' || code === 'settings') return 2;
  if (code === 'unavailable' || code === 'timeout') return 3;
  return 1;
}
