/// <reference lib="dom" />
import { el } from '../look/dom.ts';

/**
 * The Markdown of the runbook pages as elements: headings, paragraphs, lists, fenced code, inline code, strong words and links
 * among the pages. Text becomes text nodes alone, so nothing in a page can become markup.
 */
export function renderMarkdown(text: string, linkOf: (address: string) => string | null): HTMLElement[] {
  const lines = text.split(/\r?\n/);
  const blocks: HTMLElement[] = [];
  let at = 0;
  const takeWhile = (holds: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && holds(lines[at]!)) at++;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at]!;
    if (line.trim() === '') at++;
    else if (line.startsWith('```')) {
      at++;
      const code = takeWhile((one) => !one.startsWith('```'));
      at++;
      blocks.push(el('pre', { tabindex: '0' }, el('code', {}, code.join('\n'))));
    } else if (/^#{1,4} /.test(line)) {
      at++;
      blocks.push(heading(line));
    } else if (ITEM.test(line)) {
      const items = takeWhile((one) => ITEM.test(one) || /^ {2,}\S/.test(one));
      blocks.push(list(items, linkOf));
    } else {
      const words = takeWhile((one) => one.trim() !== '' && !/^(#{1,4} |```)/.test(one) && !ITEM.test(one));
      blocks.push(el('p', {}, ...inline(words.join(' '), linkOf)));
    }
  }
  return blocks;
}

const ITEM = /^(?:-|\d+\.) +/;

/** The page has its own title: sections are what stands below it. */
function heading(line: string): HTMLElement {
  const level = line.indexOf(' ');
  return el(level <= 2 ? 'h2' : 'h3', {}, line.slice(level + 1));
}

function list(lines: readonly string[], linkOf: (address: string) => string | null): HTMLElement {
  const items: string[] = [];
  for (const line of lines) {
    if (ITEM.test(line)) items.push(line.replace(ITEM, ''));
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  const isOrdered = /^\d/.test(lines[0]!);
  return el(isOrdered ? 'ol' : 'ul', {}, ...items.map((item) => el('li', {}, ...inline(item, linkOf))));
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

function inline(text: string, linkOf: (address: string) => string | null): (Node | string)[] {
  const pieces: (Node | string)[] = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    const [all, code, strong, label, address] = found;
    if (found.index > from) pieces.push(text.slice(from, found.index));
    from = found.index + all.length;
    if (code !== undefined) pieces.push(el('code', {}, code));
    else if (strong !== undefined) pieces.push(el('strong', {}, strong));
    else {
      const href = linkOf(address!);
      pieces.push(href === null ? label! : el('a', { href }, label!));
    }
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}
