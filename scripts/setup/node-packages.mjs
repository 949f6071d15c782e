/** node_modules as the lockfile asks for it, with native parts that load in this Node. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTreeOf, stampOf } from './facts.mjs';

/** Packages with compiled code; each must load, or set-up is not done whatever npm said. */
const NATIVE = ['chdb', 'snappy', 'lz4-napi'];

export function createNodePackages(root, run) {
  const folder = join(root, 'node_modules');
  const stampFile = join(folder, '.reelstream-stamp');
  const lockfile = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const stamp = stampOf(lockfile, process.versions.modules, process.platform, process.arch);
  // npm tells its hooks where it is; by name it might be another version, or a shell function
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  const checkNative = () =>
    run(process.execPath, ['-e', `for (const name of ${JSON.stringify(NATIVE)}) require(name)`], {
      cwd: root,
      deadlineMs: 60_000,
    });
  return {
    title: 'installing Node packages',
    isDone: () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp,
    faults: () => ({}),
    async make() {
      if (
        !isInstalledByHand() ||
        !(await checkNative().then(
          () => true,
          () => false,
        ))
      ) {
        await run(npm[0], [...npm.slice(1), 'ci', '--include=dev', '--no-audit', '--no-fund'], {
          cwd: root,
          deadlineMs: 15 * 60_000,
        });
        await checkNative();
      }
      writeFileSync(stampFile, stamp);
    },
  };

  /** A complete tree from somebody's own `npm ci` is as good as ours and saves them the wait. */
  function isInstalledByHand() {
    const installed = join(folder, '.package-lock.json');
    return (
      existsSync(installed) && isTreeOf(JSON.parse(lockfile), JSON.parse(readFileSync(installed, 'utf8')))
    );
  }
}
