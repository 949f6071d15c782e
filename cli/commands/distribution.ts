import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import { formatCounts } from '../../producer/content/counts-file.ts';
import { formatDistribution } from '../../producer/content/distribution-file.ts';
import { tallyRatings } from '../../producer/content/tally-ratings.ts';
import { action, type Configure } from '../command.ts';

interface Options {
  readonly output?: string;
  readonly counts?: string;
}

const HELP = `
Writes index,movieId,rating,prob: for each film the share of its ratings that gave each value, by film, then rating; the
same ratings give the same bytes. How often a film is rated does not stand in that format: --counts writes it
beside, as movieId,ratings. Both are what produce reads with options of these names.

Exit codes: 0 written, 1 a row of the ratings is wrong, 2 a file cannot be read or written`;

export const configure: Configure = (command) => {
  command
    .description('how each film of a ratings file is rated, as the load simulator wants it')
    .option('-o, --output <file>', 'write to this file instead of standard output')
    .option('--counts <file>', 'also write how often each film was rated')
    .addHelpText('after', HELP)
    .action(
      action(async ({ output, counts }: Options, _, ratingsPath: string) => {
        const tally = await tallyRatings(resolve(ratingsPath));
        if (counts !== undefined) await write(counts, formatCounts(tally.films.movieIds, tally.counts));
        const text = formatDistribution(tally.films);
        if (output === undefined) process.stdout.write(text);
        else await write(output, text);
        return 0;
      }),
    );
};

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new ReelstreamError('usage', `${path} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
