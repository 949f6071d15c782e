import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { noEnvFile, readEnvironment, withoutSettings } from '../../runtime/environment.ts';
import { readSettings } from '../../runtime/settings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-env-'));
  writeFileSync(join(folder, '.env'), 'REELSTREAM_SINK_GROUP=mine\nREELSTREAM_USERS_TOPIC=people\n');
  writeFileSync(join(folder, 'other'), 'REELSTREAM_SINK_GROUP=other\n');
  vi.stubEnv('REELSTREAM_ENV_FILE', undefined);
  vi.stubEnv('REELSTREAM_USERS_TOPIC', 'from the environment');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('the environment', () => {
  it('wins over .env of the folder', () => {
    expect(readEnvironment(folder)).toMatchObject({
      REELSTREAM_SINK_GROUP: 'mine',
      REELSTREAM_USERS_TOPIC: 'from the environment',
    });
    expect(readEnvironment(join(folder, 'nowhere')).REELSTREAM_SINK_GROUP).toBeUndefined();
  });

  it('names another file, or none at all', () => {
    vi.stubEnv('REELSTREAM_ENV_FILE', 'other');
    expect(readEnvironment(folder).REELSTREAM_SINK_GROUP).toBe('other');
    vi.stubEnv('REELSTREAM_ENV_FILE', noEnvFile.REELSTREAM_ENV_FILE);
    expect(readEnvironment(folder).REELSTREAM_SINK_GROUP).toBeUndefined();
    expect(() => readSettings(readEnvironment(folder))).not.toThrow();
  });

  it('must not name a file that is not there', () => {
    vi.stubEnv('REELSTREAM_ENV_FILE', 'missing');
    expect(() => readEnvironment(folder)).toThrow(
      `REELSTREAM_ENV_FILE: there is no ${join(folder, 'missing')}`,
    );
  });

  it('can be had without what somebody has set for a stack of theirs', () => {
    const given = {
      PATH: '/bin',
      REELSTREAM_HOME: 'x',
      MOVIES_MATCH_RANDOM_SEED: '1',
      REELSTREAM_TEST_X: 'y',
    };
    expect(withoutSettings(given)).toEqual({ PATH: '/bin', REELSTREAM_TEST_X: 'y' });
  });
});
