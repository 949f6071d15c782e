/// <reference lib="dom" />
import { type Child, el } from './dom.ts';

export interface PageHead {
  readonly title: string;
  /** one sentence: what the page is for */
  readonly lead?: string;
  /** the page that this one belongs to */
  readonly above?: { readonly title: string; readonly href: string };
}

/** What every page begins with; `tools` stand beside it where there is room. */
export function pageHead({ title, lead, above }: PageHead, ...tools: readonly Child[]): HTMLElement {
  return el(
    'header',
    { class: 'page-head' },
    el(
      'div',
      {},
      above ? el('p', { class: 'small' }, el('a', { href: above.href }, above.title)) : null,
      el('h1', {}, title),
      lead ? el('p', { class: 'lead' }, lead) : null,
    ),
    ...tools,
  );
}
