import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownIdentity } from '../../../embedded/supervisor/process-identity.ts';
import { readRunRecords, stackFolders, writeRunRecord } from '../../../embedded/supervisor/run-record.ts';
import { recordOf } from '../../../embedded/supervisor/supervised-process.ts';
import { fakeSpec } from '../fixtures/fake-spec.mjs';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'reelstream-records-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const record = (name: string) => recordOf(fakeSpec({ name, port: 1 }), ownIdentity(), 'a.log');
const file = (name: string) => join(stackFolders(home).recordFolder, `${name}.json`);

describe('run records', () => {
  it('are read as they were written, by their owner alone', () => {
    writeRunRecord(home, record('kafka'));
    expect(readRunRecords(home)).toEqual(
      [record('kafka')].map((one) => ({ ...one, startedAtMs: expect.any(Number) })),
    );
    expect(statSync(file('kafka')).mode & 0o777).toBe(0o600);
  });

  it.each(['', '{"pid": 12', '\0\0\0\0'])(
    'that a power cut left as %j are of processes that are gone',
    (left) => {
      writeRunRecord(home, record('kafka'));
      writeRunRecord(home, record('registry'));
      writeFileSync(file('kafka'), left);
      expect(readRunRecords(home).map(({ name }) => name)).toEqual(['registry']);
      writeRunRecord(home, record('kafka'));
      expect(readRunRecords(home).map(({ name }) => name)).toEqual(['kafka', 'registry']);
    },
  );
});
