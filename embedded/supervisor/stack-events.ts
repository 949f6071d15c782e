import type { Stopped } from './leftovers.ts';

/** What happens to a stack's processes, in the order it happens: for progress lines and for tests. */
export type StackEvent =
  | { readonly kind: 'starting'; readonly name: string }
  | { readonly kind: 'ready'; readonly name: string; readonly tookMs: number }
  /** it ran already, in the background, with the same settings */
  | { readonly kind: 'adopted'; readonly name: string }
  /** an optional part did not start; the stack runs without it */
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: string }
  /** a process of an earlier supervisor that was killed has been ended */
  | ({ readonly kind: 'leftover' } & Stopped)
  | ({ readonly kind: 'stopped' } & Stopped)
  /** a process ended by itself with code 0, as its spec allows */
  | { readonly kind: 'ended'; readonly name: string }
  /** a process ended though nobody asked it to */
  | { readonly kind: 'died'; readonly name: string; readonly how: string; readonly lastLines: string };
