import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  installCommand,
  isAtLeast,
  isTreeOf,
  parseJavaVersion,
  parseOsRelease,
  parseVersion,
  stampOf,
} from '../../scripts/setup/facts.mjs';

describe('versions', () => {
  it.each([
    ['v20.19.0', [20, 19, 0]],
    ['21', [21]],
    ['nothing', null],
  ])('%s', (text, version) => expect(parseVersion(text)).toEqual(version));

  it.each([
    ['openjdk version "17.0.15" 2025-04-15', [17, 0, 15]],
    ['openjdk version "21" 2023-09-19\nOpenJDK Runtime Environment (build 21+35-2513)', [21]],
    ['java version "1.8.0_392"', [8, 0]],
    ['The operation couldn’t be completed. Unable to locate a Java Runtime.', null],
  ])('java: %s', (output, version) => expect(parseJavaVersion(output)).toEqual(version));

  it('compares place by place, not as text', () => {
    expect(isAtLeast([20, 9], [20, 19])).toBe(false);
    expect(isAtLeast([20, 19, 0], [20, 19])).toBe(true);
    expect(isAtLeast([22], [20, 19])).toBe(true);
    expect(isAtLeast([20], [20, 19])).toBe(false);
    expect(isAtLeast([8, 0], [17])).toBe(false);
  });
});

describe('the command that gets a tool', () => {
  const apt = { manager: 'apt', id: 'debian', version: 12, root: false } as const;

  it('names a package that exists in the release', () => {
    expect(installCommand('java', apt)).toBe('sudo apt-get install -y openjdk-17-jre-headless');
    expect(installCommand('java', { ...apt, version: 13 })).toContain('openjdk-21-jre-headless');
    expect(installCommand('java', { ...apt, id: 'ubuntu', version: 24.04 })).toContain(
      'openjdk-17-jre-headless',
    );
  });

  it('needs no sudo for root and none on macOS', () => {
    expect(installCommand('maven', { ...apt, root: true })).toBe('apt-get install -y maven');
    expect(installCommand('maven', { ...apt, manager: 'brew' })).toBe('brew install maven');
  });

  it('says something useful for every tool on an unknown system', () => {
    for (const tool of ['node', 'java', 'maven', 'monitoring'] as const) {
      expect(installCommand(tool, { ...apt, manager: null })).toMatch(/\w+ \w+/);
    }
  });

  it('reads os-release', () => {
    expect(
      parseOsRelease('PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n'),
    ).toEqual({
      id: 'ubuntu',
      like: 'debian',
      version: 24.04,
    });
  });
});

describe('stamps', () => {
  it('tell equal inputs from different ones, also when text moves from one input to the next', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string(), { minLength: 1 }),
        fc.array(fc.string(), { minLength: 1 }),
        (one, other) => {
          expect(stampOf(...one) === stampOf(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
        },
      ),
    );
    expect(stampOf('ab', 'c')).not.toBe(stampOf('a', 'bc'));
  });
});

describe('an installed tree', () => {
  const lockfile = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/for-another-machine': { version: '2.0.0', optional: true },
    },
  };
  const tree = (packages: Record<string, { version: string }>) => ({ packages });

  it('is right without the optional packages, wrong with a missing, other or surplus one', () => {
    expect(isTreeOf(lockfile, tree({ 'node_modules/a': { version: '1.0.0' } }))).toBe(true);
    expect(isTreeOf(lockfile, tree({}))).toBe(false);
    expect(isTreeOf(lockfile, tree({ 'node_modules/a': { version: '1.0.1' } }))).toBe(false);
    const surplus = { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0' } };
    expect(isTreeOf(lockfile, tree(surplus))).toBe(false);
  });
});
