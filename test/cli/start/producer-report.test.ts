import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetProducerReport, readProducerReport } from '../../../cli/start/producer-report.ts';

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'reelstream-report-')), 'report.json');
});
afterEach(() => rmSync(join(file, '..'), { recursive: true }));

describe("the producer's report", () => {
  it('is read as it was left', async () => {
    writeFileSync(file, '{"generated":3,"acknowledged":2,"achievedRate":1}');
    expect(await readProducerReport(file)).toEqual({ generated: 3, acknowledged: 2, achievedRate: 1 });
    await forgetProducerReport(file);
    expect(existsSync(file)).toBe(false);
  });

  it('that is missing says that the producer was killed', async () => {
    await forgetProducerReport(file);
    await expect(readProducerReport(file)).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/^the producer left no report/),
    });
  });
});
