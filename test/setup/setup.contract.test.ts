import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/**
 * The real set-up script over a small project, with stand-ins for npm, Maven, Java and the compiler that note when they ran:
 * what is under test is what set-up decides, not what a registry sends.
 */
const SCRIPTS = resolve(import.meta.dirname, '../../scripts');
const NATIVE = ['chdb', 'snappy', 'lz4-napi'];

let root: string;
let tools: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reelstream-setup-'));
  tools = join(root, 'tools');
  cpSync(SCRIPTS, join(root, 'scripts'), { recursive: true });
  for (const folder of [tools, join(root, 'core')]) mkdirSync(folder);
  writeFileSync(join(root, 'package-lock.json'), '{"packages":{}}');
  writeFileSync(join(root, 'pom.xml'), '<project/>');
  writeFileSync(join(root, 'tsconfig.json'), '{}');
  writeFileSync(join(root, 'tsconfig.build.json'), '{"include":["core"]}');
  writeFileSync(join(root, 'core/one.ts'), 'one');
  tool('java', `process.stderr.write('openjdk version "17.0.1"\\n');`);
  tool(
    'npm',
    `${NOTE} note('npm starts'); await work(Number(process.env.NPM_MS ?? 50)); ${MAKE_NODE_MODULES} note('npm ends');`,
  );
  tool(
    'mvn',
    `${NOTE} note('mvn'); if (process.env.MVN_FAILS) { console.log('no such artifact'); process.exit(1); } ${MAKE_JARS}`,
  );
  for (const name of ['prometheus', 'promtool', 'alertmanager', 'amtool']) tool(name, '');
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

const NOTE = `
const { appendFileSync, mkdirSync, writeFileSync } = await import('node:fs');
const root = process.env.TEST_ROOT;
const note = (text) => appendFileSync(root + '/notes', text + '\\n');
const work = (ms) => new Promise((resolve) => setTimeout(resolve, ms));`;
const MAKE_NODE_MODULES = `
for (const name of ${JSON.stringify(NATIVE)}) {
  mkdirSync(root + '/node_modules/' + name, { recursive: true });
  writeFileSync(root + '/node_modules/' + name + '/index.js', '');
}
mkdirSync(root + '/node_modules/typescript/bin', { recursive: true });
writeFileSync(root + '/node_modules/typescript/bin/tsc',
  "const fs = require('node:fs'); fs.appendFileSync(process.env.TEST_ROOT + '/notes', 'tsc\\\\n'); fs.mkdirSync('dist', { recursive: true });");`;
const MAKE_JARS = `
const folder = process.argv.find((argument) => argument.startsWith('-Dvendor.folder=')).slice(16);
for (const part of ['kafka', 'registry']) { mkdirSync(folder + '/' + part); writeFileSync(folder + '/' + part + '/a.jar', ''); }`;

function tool(name: string, body: string): void {
  const module = join(tools, `${name}.mjs`);
  writeFileSync(module, body);
  writeFileSync(join(tools, name), `#!/bin/sh\nexec "${process.execPath}" "${module}" "$@"\n`);
  chmodSync(join(tools, name), 0o755);
}

interface Outcome {
  readonly exitCode: number | null;
  readonly output: string;
}

function launch(args: string[] = [], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(root, 'scripts/setup.mjs'), ...args], {
    env: { PATH: [tools, ''].join(delimiter), TEST_ROOT: root, ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const done = new Promise<Outcome>((settle) => {
    child.once('close', (exitCode) => settle({ exitCode, output }));
  });
  return { child, done };
}

const setUp = (args?: string[], environment?: Record<string, string>) => launch(args, environment).done;
const notes = () =>
  existsSync(join(root, 'notes')) ? readFileSync(join(root, 'notes'), 'utf8').trim().split('\n') : [];
const forget = () => rmSync(join(root, 'notes'), { force: true });

describe('set-up', () => {
  it('does everything once; a second run does nothing and is quick', async () => {
    const first = await setUp();
    expect(first.exitCode, first.output).toBe(0);
    expect(notes().sort()).toEqual(['mvn', 'npm ends', 'npm starts', 'tsc']);
    forget();
    const startMs = performance.now();
    const second = await setUp();
    expect(second).toMatchObject({ exitCode: 0, output: expect.stringMatching(/^set-up: ready \(/) });
    expect(performance.now() - startMs).toBeLessThan(3_000);
    expect(notes()).toEqual([]);
  });

  it('does again what its inputs ask for, and only that', async () => {
    await setUp();
    forget();
    appendFileSync(join(root, 'core/one.ts'), 'more');
    await setUp();
    expect(notes()).toEqual(['tsc']);
    forget();
    appendFileSync(join(root, 'pom.xml'), '<!-- newer -->');
    await setUp();
    expect(notes()).toEqual(['mvn']);
    forget();
    writeFileSync(join(root, 'package-lock.json'), '{"packages":{},"newer":true}');
    await setUp();
    expect(notes()).toEqual(['npm starts', 'npm ends', 'tsc']);
  });

  it('repairs node_modules that somebody left half-way', async () => {
    mkdirSync(join(root, 'node_modules/snappy'), { recursive: true });
    expect((await setUp()).exitCode).toBe(0);
    expect(notes()).toContain('npm starts');
  });

  it('says in one line each what is missing and how to get it, does nothing, and exits 3', async () => {
    for (const name of ['java', 'mvn']) rmSync(join(tools, name));
    const { exitCode, output } = await setUp();
    expect(exitCode).toBe(3);
    const lines = output.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^set-up: Java 17 or newer is missing: .+/);
    expect(lines.join('\n')).toMatch(/Maven is missing: .+/);
    expect(notes()).toEqual([]);
  });

  it('needs no Maven once its work is done, and refuses an old Java', async () => {
    await setUp();
    rmSync(join(tools, 'mvn'));
    expect((await setUp()).exitCode).toBe(0);
    tool('java', `process.stderr.write('java version "1.8.0_392"\\n');`);
    expect(await setUp()).toMatchObject({ exitCode: 3, output: expect.stringContaining('is too old (8.0)') });
  });

  it('runs without monitoring where there is none, and says so', async () => {
    rmSync(join(tools, 'alertmanager'));
    expect(await setUp()).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining('Prometheus and Alertmanager are missing, the stack runs without them'),
    });
  });

  it('says that monitoring could not be fetched, and that once', async () => {
    rmSync(join(tools, 'alertmanager'));
    tool('apt-get', `${NOTE} note('apt-get'); console.log('no network'); process.exit(100);`);
    tool('dpkg', '');
    const first = await setUp();
    const why = join(root, '.reelstream/vendor/monitoring-failed');
    expect(first.exitCode).toBe(0);
    expect(first.output).toContain(`set-up: left out: fetching Prometheus and Alertmanager, see ${why}\n`);
    expect(first.output).not.toContain('done: fetching Prometheus');
    expect(readFileSync(why, 'utf8')).toContain('no network');
    forget();
    expect((await setUp()).output).toContain('the stack runs without them');
    expect(notes()).toEqual([]);
  });

  it('a failed step is explained by its last lines and counts as not done', async () => {
    const failed = await setUp([], { MVN_FAILS: 'yes' });
    expect(failed.exitCode).toBe(1);
    expect(failed.output).toContain('no such artifact');
    expect(existsSync(join(root, '.reelstream/vendor/java'))).toBe(false);
    forget();
    expect((await setUp()).exitCode).toBe(0);
    expect(notes()).toEqual(['mvn', 'tsc']);
  });

  it('--check says what is to do without doing it', async () => {
    expect(await setUp(['--check'])).toMatchObject({
      exitCode: 3,
      output: expect.stringContaining('packages: to do'),
    });
    expect(notes()).toEqual([]);
    await setUp();
    expect(await setUp(['--check'])).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining('build: done'),
    });
    expect((await setUp(['--chekc'])).exitCode).toBe(2);
  });
});

describe('several set-ups', () => {
  it('at the same time: one works, the other waits and finds it done', async () => {
    const outcomes = await Promise.all([setUp([], { NPM_MS: '700' }), setUp([], { NPM_MS: '700' }), setUp()]);
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(notes().sort()).toEqual(['mvn', 'npm ends', 'npm starts', 'tsc']);
  });

  it('after SIGKILL the next waits for the npm that was left running, then does its own', async () => {
    const killed = launch([], { NPM_MS: '1500' });
    await expect.poll(notes).toContain('npm starts');
    killed.child.kill('SIGKILL');
    await killed.done;
    expect((await setUp()).exitCode).toBe(0);
    const npm = notes().filter((line) => line.startsWith('npm'));
    expect(npm).toEqual(['npm starts', 'npm ends', 'npm starts', 'npm ends']);
  });

  it('takes over what a power cut or a crash left of the lock', async () => {
    const lock = join(root, '.reelstream/setup.lock');
    mkdirSync(join(root, '.reelstream'));
    writeFileSync(lock, '');
    writeFileSync(`${lock}.takeover`, '[{"pid":1073741824,"start":"1"}]');
    const { exitCode, output } = await setUp();
    expect([exitCode, output.includes('another set-up')]).toEqual([0, false]);
    expect(readdirSync(join(root, '.reelstream')).filter((name) => name.startsWith('setup.lock'))).toEqual(
      [],
    );
  });

  it('Ctrl-C ends what was started and lets the next begin at once', async () => {
    const interrupted = launch([], { NPM_MS: '60000' });
    await expect.poll(notes).toContain('npm starts');
    interrupted.child.kill('SIGINT');
    // As npm does; null is for a second signal that comes when everything is done and Node itself is on its way out
    setTimeout(() => interrupted.child.kill('SIGINT'), 5);
    expect([130, null]).toContain((await interrupted.done).exitCode);
    expect(existsSync(join(root, '.reelstream/setup.lock'))).toBe(false);
    expect((await setUp()).exitCode).toBe(0);
  });
});
