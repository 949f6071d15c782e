#!/usr/bin/env node
/**
 * Makes a clone ready to run: Node packages, Kafka and the registry, Prometheus, the compiled program. npm calls it before
 * `npm start` and `npm test`. It needs nothing but Node, never changes the operating system, and skips what is done.
 * Exit codes: 0 ready, 1 a step failed, 2 wrong use, 3 something is missing on this machine.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBuild } from './setup/build.mjs';
import { installCommand, isAtLeast, MINIMUM, parseVersion } from './setup/facts.mjs';
import { createJavaParts } from './setup/java-parts.mjs';
import { takeLock } from './setup/lock.mjs';
import { javaFault, readSystem } from './setup/machine.mjs';
import { createMonitoring } from './setup/monitoring.mjs';
import { createNodePackages } from './setup/node-packages.mjs';
import { endCommands, runCommand } from './setup/run-command.mjs';

const HELP = `node scripts/setup.mjs [--check]

Makes this clone ready to run. A second run skips what is done.
  --check   only say what is done and what is missing; exit 3 when anything is
  --help    this text
`;
const TOOL_NAMES = {
  node: 'Node 20.19 or newer',
  java: 'Java 17 or newer',
  maven: 'Maven',
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stateFolder = join(root, '.reelstream');
/** What `makeAll` sets up for the commands of the steps; until then none may run. */
let current = null;
const say = (line) => process.stdout.write(`set-up: ${line}\n`);

async function main(args) {
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  if (args.some((argument) => argument !== '--check')) {
    process.stderr.write(HELP);
    return 2;
  }
  if (process.platform === 'win32') {
    say('Reelstream runs on Linux and macOS; on Windows use WSL: wsl --install');
    return 3;
  }
  const startMs = Date.now();
  const system = readSystem();
  const steps = createSteps(system);
  const todo = Object.values(steps).filter((step) => !step.isDone());
  const missing = [{ node: nodeFault(), java: javaFault() }, ...todo.map((step) => step.faults())]
    .flatMap(Object.entries)
    .filter(([, fault]) => fault);
  for (const [tool, fault] of missing)
    say(`${TOOL_NAMES[tool]} is ${fault}: ${installCommand(tool, system)}`);
  if (args.includes('--check')) return check(steps, missing);
  if (missing.length > 0) return 3;
  if (todo.length > 0) await makeAll(steps);
  const warning = steps.monitoring.warning();
  if (warning) say(warning);
  say(`ready (${((Date.now() - startMs) / 1000).toFixed(1)} s)`);
  return 0;
}

function createSteps(system) {
  const vendorFolder = join(stateFolder, 'vendor');
  return {
    packages: createNodePackages(root, runner('packages')),
    java: createJavaParts(root, vendorFolder, runner('java')),
    monitoring: createMonitoring(vendorFolder, system, runner('monitoring')),
    build: createBuild(root, runner('build')),
  };
}

function runner(name) {
  let count = 0;
  return (command, args, options) => {
    count++;
    return runCommand(command, args, options, {
      title: current.titles[name],
      logFile: join(stateFolder, 'logs', `setup-${name}-${count}.log`),
      say,
      onProcess: current.lock.addProcess,
    });
  };
}

async function makeAll(steps) {
  mkdirSync(stateFolder, { recursive: true });
  const lock = await takeLock(join(stateFolder, 'setup.lock'), (pid) =>
    say(`another set-up is running (process ${pid}), waiting for it`),
  );
  current = {
    lock,
    titles: Object.fromEntries(Object.entries(steps).map(([name, step]) => [name, step.title])),
  };
  // Not once: npm passes on a Ctrl-C that the terminal has sent here already
  process.on('SIGINT', () => endCommands(130)).on('SIGTERM', () => endCommands(143));
  try {
    // The first three wait for different downloads; only the compiler of ours needs them
    const results = await Promise.allSettled(
      ['packages', 'java', 'monitoring'].map((name) => make(steps[name])),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    await make(steps.build);
  } finally {
    lock.release();
  }
}

/** Asked again under the lock: another set-up may have done it meanwhile. */
async function make(step) {
  if (step.isDone()) return;
  const startMs = Date.now();
  say(step.title);
  const failure = await step.make();
  const what = step.title.replace(/ \(.*/, '');
  say(
    failure
      ? `left out: ${what}, ${failure}`
      : `done: ${what} (${Math.round((Date.now() - startMs) / 1000)} s)`,
  );
}

function check(steps, missing) {
  for (const [name, step] of Object.entries(steps)) say(`${name}: ${step.isDone() ? 'done' : 'to do'}`);
  const warning = steps.monitoring.warning();
  if (warning) say(warning);
  return missing.length > 0 || Object.values(steps).some((step) => !step.isDone()) ? 3 : 0;
}

function nodeFault() {
  const version = process.versions.node;
  return isAtLeast(parseVersion(version), MINIMUM.node) ? null : `missing (this is ${version})`;
}

process.exitCode = await main(process.argv.slice(2)).catch((error) => {
  say(error.message);
  return error.exitCode ?? 1;
});
