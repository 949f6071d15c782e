/** What set-up knows without looking at the machine: versions, stamps, and the command that gets a missing tool. */
import { createHash } from 'node:crypto';

export const MINIMUM = { node: [20, 19], java: [17] };

/** The first dotted number of a text as a list of numbers, null when there is none. */
export function parseVersion(text) {
  const found = /\d+(?:\.\d+)*/.exec(text);
  return found ? found[0].split('.').map(Number) : null;
}

/** True when the version is the minimum or later; missing places count as zero. */
export function isAtLeast(version, minimum) {
  for (let place = 0; place < minimum.length; place++) {
    const difference = (version[place] ?? 0) - minimum[place];
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The version in the output of `java -version`; up to Java 8 the major number stood second (`1.8.0`). */
export function parseJavaVersion(output) {
  const version = parseVersion(/version "([^"]+)"/.exec(output)?.[1] ?? '');
  if (!version) return null;
  return version[0] === 1 ? version.slice(1) : version;
}

/** One short text for any number of inputs: equal stamps mean the work was done with equal inputs. */
export function stampOf(...inputs) {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(String(input.length)).update('\n').update(input);
  return hash.digest('hex').slice(0, 16);
}

/** `ID` and `VERSION_ID` of an os-release file. */
export function parseOsRelease(text) {
  const value = (key) => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: value('ID'), like: value('ID_LIKE'), version: Number.parseFloat(value('VERSION_ID')) || 0 };
}

/**
 * The command that gets a tool on this system. `system`: `{ manager: 'apt' | 'dnf' | 'brew' | null, id, version, root }`.
 */
export function installCommand(tool, system) {
  const packages = { apt: APT_PACKAGES, dnf: DNF_PACKAGES, brew: BREW_PACKAGES }[system.manager]?.[tool];
  if (!packages) return ELSEWHERE[tool];
  const names = typeof packages === 'function' ? packages(system) : packages;
  if (system.manager === 'brew') return names.startsWith('xcode-') ? names : `brew install ${names}`;
  const command = system.manager === 'apt' ? 'apt-get install -y' : 'dnf install -y';
  return `${system.root ? '' : 'sudo '}${command} ${names}`;
}

/** Debian dropped Java 17 with release 13; Ubuntu still carries it. */
function aptJava({ id, version }) {
  return id === 'debian' && version >= 13 ? 'openjdk-21-jre-headless' : 'openjdk-17-jre-headless';
}

const APT_PACKAGES = {
  java: aptJava,
  maven: 'maven',
  monitoring: 'prometheus prometheus-alertmanager',
};
const DNF_PACKAGES = { java: 'java-21-openjdk-headless', maven: 'maven' };
const BREW_PACKAGES = {
  java: 'openjdk',
  maven: 'maven',
  monitoring: 'prometheus alertmanager',
};
const ELSEWHERE = {
  node: 'nvm install 20 (or a package from nodejs.org)',
  java: 'install a Java 17 runtime, for example from adoptium.net',
  maven: 'install Apache Maven 3.6.3 or newer from maven.apache.org',
  monitoring: 'put prometheus and alertmanager from prometheus.io/download on the PATH',
};

/**
 * True when an installed tree (`node_modules/.package-lock.json`, which npm writes last) is what the lockfile asks for.
 * Optional packages may be absent: they are for other machines.
 */
export function isTreeOf(lockfile, installed) {
  const wanted = Object.entries(lockfile.packages ?? {}).filter(([path]) => path !== '');
  const present = installed.packages ?? {};
  const paths = new Set(wanted.map(([path]) => path));
  return (
    wanted.every(([path, entry]) =>
      present[path] ? present[path].version === entry.version : entry.optional === true,
    ) && Object.keys(present).every((path) => paths.has(path))
  );
}
