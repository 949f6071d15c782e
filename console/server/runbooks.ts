import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Problem } from './problem.ts';

export interface Runbook {
  /** of its alert */
  readonly name: string;
  /** first paragraph of its first section */
  readonly means: string;
  readonly markdown: string;
}

/** Every page of a folder, by name. */
export function readRunbooks(folder: string): Runbook[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => {
      const markdown = readFileSync(join(folder, file), 'utf8');
      return { name: basename(file, '.md'), means: meaningIn(markdown), markdown };
    });
}

function meaningIn(markdown: string): string {
  const [, section = ''] = /^## What it means\s+([\s\S]*?)(?:\n\s*\n|$)/m.exec(markdown) ?? [];
  return section.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('`', '');
}

/** @throws Problem 404 */
export function runbookOf(runbooks: readonly Runbook[], name: string): Runbook {
  const found = runbooks.find((one) => one.name === name);
  if (!found) throw new Problem(404, `there is no runbook for "${name}"`, 'alert');
  return found;
}
