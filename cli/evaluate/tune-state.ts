import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import { jobKey, type TuneJob, type TuneResult } from '../../recommender/evaluation/tuning.ts';

/** What a search has found, one line per job: after a break it goes on where it was. */
export interface TuneState {
  known(job: TuneJob): readonly TuneResult[] | undefined;
  add(job: TuneJob, results: readonly TuneResult[]): Promise<void>;
}

interface Line {
  readonly key: string;
  readonly results: readonly TuneResult[];
}

/** @throws ReelstreamError `usage` when the file cannot be read or written */
export async function openTuneState(path: string): Promise<TuneState> {
  const found = new Map<string, readonly TuneResult[]>();
  for (const text of (await contentOf(path)).split('\n')) {
    const line = parseLine(text);
    if (line) found.set(line.key, line.results);
  }
  return {
    known: (job) => found.get(jobKey(job)),
    async add(job, results) {
      found.set(jobKey(job), results);
      try {
        await mkdir(dirname(path), { recursive: true });
        // the line ends the one before it as well, which a crash may have cut
        await appendFile(path, `\n${JSON.stringify({ key: jobKey(job), results } satisfies Line)}`);
      } catch (cause) {
        throw new ReelstreamError('usage', `${path} cannot be written: ${(cause as Error).message}`, {
          cause,
        });
      }
    },
  };
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new ReelstreamError('usage', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** A line that a crash cut short is work to be done again. */
function parseLine(text: string): Line | null {
  try {
    const line = JSON.parse(text) as Partial<Line>;
    return typeof line.key === 'string' && Array.isArray(line.results) ? (line as Line) : null;
  } catch {
    return null;
  }
}
