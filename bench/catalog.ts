import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LoadResult } from '../catalog/load.ts';
import { projectRoot } from '../runtime/environment.ts';
import { type BenchStack, type BenchTools, withBenchStack } from './bench-stack.ts';
import { writeSyntheticSource } from './catalogue-fixture.ts';

export interface CatalogBench {
  readonly rows: number;
  readonly megabytes: number;
  readonly films: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  /** most that the loading process held in memory */
  readonly peakMemoryMb: number;
  /** the same files again, which is nothing to do */
  readonly secondsUnchanged: number;
}

/** Loads a made-up metadata file of full size, with every flaw of the published one, as a command of its own. */
export function benchCatalog(tools: BenchTools): Promise<CatalogBench> {
  return withBenchStack(tools, async (stack) => {
    const clickhouse = tools.clickHouseFrom(stack.settings);
    const admin = tools.kafkaAdminFrom(stack.settings, 'reelstream-bench');
    try {
      await tools.prepareStores(stack.settings, clickhouse, admin, tools.say);
    } finally {
      await admin.close();
      await clickhouse.close();
    }
    const folder = join(stack.home, 'films');
    await writeSyntheticSource(folder);
    tools.say('loading');
    const first = await load(stack, folder);
    const again = await load(stack, folder);
    const seconds = first.elapsedMs / 1_000;
    const rows = first.files.reduce((sum, file) => sum + file.rows.read, 0);
    return {
      rows,
      megabytes: statSync(join(folder, 'movies_metadata.csv')).size / 1_000_000,
      films: first.counts.movies,
      seconds,
      rowsPerSecond: rows / seconds,
      peakMemoryMb: first.peakMemoryMb,
      secondsUnchanged: again.elapsedMs / 1_000,
    };
  });
}

const MAX_ANSWER_BYTES = 10_000_000;

async function load(stack: BenchStack, folder: string): Promise<LoadResult & { peakMemoryMb: number }> {
  const launcher = join(projectRoot, 'cli', 'reelstream.mjs');
  const args = [launcher, 'catalog', 'load', folder, '--json'];
  const options = { env: { ...stack.environment }, maxBuffer: MAX_ANSWER_BYTES };
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  return JSON.parse(stdout) as LoadResult & { peakMemoryMb: number };
}
