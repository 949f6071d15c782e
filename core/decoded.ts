import type { DeadLetterReason } from './verdict.ts';

/**
 * What the codec says about one value: an event, the reason why there is none, or `unresolved`, a schema id that nobody has
 * looked up yet. One shape for all outcomes, so that reading it stays fast.
 */
export type Decoded<T> =
  | { readonly event: T; readonly reason?: undefined; readonly unresolved?: undefined }
  | { readonly event?: undefined; readonly reason: DeadLetterReason; readonly unresolved?: undefined }
  | { readonly event?: undefined; readonly reason?: undefined; readonly unresolved: number };
