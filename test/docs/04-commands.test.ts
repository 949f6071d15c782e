import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { projectRoot } from '../../runtime/environment.ts';

/** The design names what is still to come. */
const PROMISES = new Set(['docs/design.md']);
const inFolder = (folder: string) =>
  readdirSync(join(projectRoot, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
const pages = ['README.md', 'CONTRIBUTING.md', ...inFolder('docs'), ...inFolder('docs/decisions')].filter(
  (page) => !PROMISES.has(page),
);
const textOf = (page: string) => readFileSync(join(projectRoot, page), 'utf8');
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

const NPM_COMMANDS = new Set(['ci', 'install']);

/** What stands between backquotes, and the lines of fenced blocks. */
function codeOf(text: string): string[] {
  const fenced = [...text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].flatMap(([, block]) => block!.split('\n'));
  const inline = [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, code]) => code!,
  );
  return [...fenced, ...inline];
}

const firstMatches = (code: readonly string[], pattern: RegExp) =>
  code.flatMap((line) => pattern.exec(line)?.[1] ?? []);

/** What a reader is told to type must exist. */
describe.each(pages)('%s', (page) => {
  const text = textOf(page);
  const code = codeOf(text);

  it('names npm scripts that exist', () => {
    const named = firstMatches(code, /\bnpm (?:run )?([\w:]+)/).filter((name) => !NPM_COMMANDS.has(name));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  // a test of its own parses the examples of that page
  it.skipIf(page === 'docs/load-simulator.md')('names commands that exist', () => {
    const known = new Set(['help', ...COMMANDS.map(({ name }) => name)]);
    const named = firstMatches(code, /(?:^|npx )reelstream ([a-z][\w-]*)/);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!);
    const missing = links.filter((target) => !existsSync(join(projectRoot, dirname(page), target)));
    expect(missing).toEqual([]);
  });
});

it('the README names every command that people run', () => {
  const readme = textOf('README.md');
  const missing = COMMANDS.filter(({ hidden, name }) => !hidden && !new RegExp(`\`${name}\\b`).test(readme));
  expect(
    missing.map(({ name }) => name),
    'add them to the table of README.md',
  ).toEqual([]);
});

it('every script that needs installed packages installs them first', () => {
  const bare = Object.keys(scripts).filter(
    (name) => !/^(pre|build$)/.test(name) && !(`pre${name}` in scripts),
  );
  expect(bare).toEqual([]);
});
