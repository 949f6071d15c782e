/**
 * Prometheus and Alertmanager with their tools: from the PATH, else out of the packages of a Debian system, unpacked beside
 * the project. Nothing is installed and no root is needed. Without them the stack runs, unwatched.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installCommand } from './facts.mjs';
import { replaceFolder } from './folders.mjs';
import { findCommand } from './machine.mjs';

const PACKAGES = ['prometheus', 'prometheus-alertmanager'];
/** Without a network every start would wait for the same failure again. */
const RETRY_AFTER_MS = 60 * 60_000;

export function createMonitoring(vendorFolder, system, run) {
  const folder = join(vendorFolder, 'monitoring');
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
    isDone: () => existsSync(folder) || onPath() || !unpackable || triedLately(),
    faults: () => ({}),
    /** One line for people when the stack will run without monitoring. */
    warning: () =>
      existsSync(folder) || onPath()
        ? null
        : `Prometheus and Alertmanager are missing, the stack runs without them: ${installCommand('monitoring', system)}`,
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
          renameSync(join(draft, 'unpacked/usr/share/doc'), join(draft, 'doc'));
          for (const rest of ['packages', 'unpacked']) rmSync(join(draft, rest), { recursive: true });
        });
      } catch (error) {
        // Optional: said in one line at the end, the reason is in the log
        writeFileSync(failure, `${error.message}\n`);
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
