/** What set-up sees when it looks at the machine. Nothing here changes anything. */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isAtLeast, MINIMUM, parseJavaVersion, parseOsRelease } from './facts.mjs';

/** The full path of the first of these commands that is on the PATH, null when none is. */
export function findCommand(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const file = join(folder || '.', name);
      if (isExecutable(file)) return file;
    }
  }
  return null;
}

export function readSystem() {
  const release = existsSync('/etc/os-release')
    ? parseOsRelease(readFileSync('/etc/os-release', 'utf8'))
    : { id: '', version: 0 };
  const manager = findCommand('apt-get')
    ? 'apt'
    : findCommand('dnf')
      ? 'dnf'
      : findCommand('brew')
        ? 'brew'
        : null;
  return { manager, id: release.id, version: release.version, root: process.getuid?.() === 0 };
}

/** What is wrong with Java here, null when nothing is. */
export function javaFault() {
  const java = findCommand('java');
  // Looked at by running it: macOS has a `java` that only says where to get one
  const asked = java && spawnSync(java, ['-version'], { encoding: 'utf8', timeout: 20_000 });
  const version = asked && asked.status === 0 ? parseJavaVersion(asked.stderr + asked.stdout) : null;
  if (!version) return 'missing';
  return isAtLeast(version, MINIMUM.java) ? null : `too old (${version.join('.')})`;
}

/** When a process began, null when there is none; tells it from a later one with the same number. */
export function processStart(pid) {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : fields[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    // no such process: the file is gone, or ps answers 1
    return null;
  }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
