/**
 * Prometheus and Alertmanager with their tools: from the PATH, else out of the packages of a Debian system, unpacked beside
 * the project. Nothing is installed and no root is needed. Without them the stack runs, unwatched.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installCommand, stampOf } from './facts.mjs';
import { replaceFolder } from './folders.mjs';
import { findCommand } from './machine.mjs';

/**
 * Debian's Alertmanager reads its page templates from this path and knows no option for another. In our copy the path is made
 * relative to the working folder, in as many bytes, so that the copy runs where nothing is installed.
 */
const COMPILED_IN_PATH = '/usr/share/prometheus/alertmanager';
const RELATIVE_PATH = 'alertmanager'.padStart(COMPILED_IN_PATH.length, './');

const PACKAGES = ['prometheus', 'prometheus-alertmanager'];
/** Without a network every start would wait for the same failure again. */
const RETRY_AFTER_MS = 60 * 60_000;

export function createMonitoring(vendorFolder, system, run) {
  const folder = join(vendorFolder, 'monitoring');
  const stampFile = join(folder, 'stamp');
  // What is unpacked depends on the packages, which the system names, and on what this file does with them
  const stamp = stampOf(readFileSync(fileURLToPath(import.meta.url)));
  const isUnpacked = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  const failure = join(vendorFolder, 'monitoring-failed');
  const onPath = () =>
    findCommand('prometheus') &&
    findCommand('promtool') &&
    findCommand('alertmanager', 'prometheus-alertmanager') &&
    findCommand('amtool');
  const unpackable = system.manager === 'apt' && findCommand('dpkg');
  const triedLately = () =>
    Date.now() - (statSync(failure, { throwIfNoEntry: false })?.mtimeMs ?? 0) < RETRY_AFTER_MS;
  return {
    title: 'fetching Prometheus and Alertmanager (30 MB)',
    isDone: () => isUnpacked() || onPath() || !unpackable || triedLately(),
    faults: () => ({}),
    /** One line for people when the stack will run without monitoring. */
    warning: () =>
      isUnpacked() || onPath()
        ? null
        : `Prometheus and Alertmanager are missing, the stack runs without them: ${installCommand('monitoring', system)}`,
    /** Returns where it says why, when it could not be done: monitoring is optional, and its lack fails no set-up. */
    async make() {
      try {
        await replaceFolder(folder, async (draft) => {
          const packages = join(draft, 'packages');
          mkdirSync(packages);
          await download(packages);
          for (const name of readdirSync(packages).filter((file) => file.endsWith('.deb'))) {
            await run('dpkg', ['-x', join(packages, name), join(draft, 'unpacked')], {
              cwd: draft,
              deadlineMs: 60_000,
            });
          }
          renameSync(join(draft, 'unpacked/usr/bin'), join(draft, 'bin'));
          const shared = join(draft, 'unpacked/usr/share/prometheus');
          for (const part of ['web', 'alertmanager']) renameSync(join(shared, part), join(draft, part));
          makeRelative(join(draft, 'bin/prometheus-alertmanager'));
          renameSync(join(draft, 'unpacked/usr/share/doc'), join(draft, 'doc'));
          writeFileSync(join(draft, 'stamp'), stamp);
          for (const rest of ['packages', 'unpacked']) rmSync(join(draft, rest), { recursive: true });
        });
      } catch (error) {
        if (error.exitCode !== undefined) throw error;
        writeFileSync(failure, `${error.message}\n`);
        return `see ${failure}`;
      }
    },
  };

  /** With the system's package lists; when those are empty or out of date, with lists of our own. */
  async function download(packages) {
    const get = (options) =>
      run('apt-get', [...options, 'download', ...PACKAGES], { cwd: packages, deadlineMs: 5 * 60_000 });
    const unsandboxed = ['-q', '-o', 'APT::Sandbox::User=root'];
    try {
      await get(unsandboxed);
    } catch {
      const state = join(packages, 'apt');
      mkdirSync(join(state, 'lists/partial'), { recursive: true });
      mkdirSync(join(state, 'cache/archives/partial'), { recursive: true });
      const own = [
        ...unsandboxed,
        '-o',
        `Dir::State::lists=${state}/lists`,
        '-o',
        `Dir::Cache=${state}/cache`,
      ];
      await run('apt-get', [...own, 'update'], { cwd: packages, deadlineMs: 5 * 60_000 });
      await get(own);
    }
  }
}

function makeRelative(program) {
  const bytes = readFileSync(program);
  for (let at = bytes.indexOf(COMPILED_IN_PATH); at >= 0; at = bytes.indexOf(COMPILED_IN_PATH, at + 1)) {
    bytes.write(RELATIVE_PATH, at);
  }
  writeFileSync(program, bytes);
}
