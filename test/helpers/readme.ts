import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/environment.ts';

export const readme: string = readFileSync(join(projectRoot, 'README.md'), 'utf8');

/** The fenced blocks of the README in one language, without their fences. */
export function readmeBlocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text]) =>
    found === language ? [text!] : [],
  );
}

/** Every statement of the README's SQL as somebody would paste it, without the comment above it. */
export function readmeQueries(): string[] {
  return readmeBlocks('sql')
    .join('\n')
    .replace(/^--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** Addresses that the README asks with curl. */
export function readmeCurls(): URL[] {
  return readmeBlocks('sh').flatMap((text) =>
    [...text.matchAll(/^curl .*'(http[^']+)'/gm)].map(([, address]) => new URL(address!)),
  );
}
