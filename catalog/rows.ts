import { type Cleaned, remarkOf } from './field-values.ts';
import type { Trouble } from './findings.ts';

/** One thing to say about a row that is loaded. */
export interface FieldRemark {
  readonly outcome: 'repaired' | 'blanked' | 'noted';
  readonly trouble: Trouble;
}

export type RowOutcome<T> = { readonly ok: T } | { readonly quarantine: Trouble };

const MAX_ID = 2 ** 31 - 1;

/** Ids are Avro ints in the events: 1 to 2^31 - 1. Null for anything else. */
export function parseId(text: string | undefined): number | null {
  if (!text || !/^\d{1,10}$/.test(text)) return null;
  const id = Number(text);
  return id >= 1 && id <= MAX_ID ? id : null;
}

/** What there is to say about a cleaned field; the text itself only where it is lost. */
export function remarksOn(field: string, cleaned: Cleaned<unknown>, text: string): FieldRemark[] {
  const { reason } = cleaned;
  if (reason === undefined) return [];
  const outcome = remarkOf(reason);
  return [{ outcome, trouble: outcome === 'blanked' ? { field, reason, text } : { field, reason } }];
}
