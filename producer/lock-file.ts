import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { ReelstreamError } from '../core/errors.ts';

/**
 * Takes a lock for this process and returns how to let go of it. A lock whose process is gone is taken over; a process
 * is known by its id and start time, because ids come again, in containers at once.
 * @throws ReelstreamError `usage` while a live process holds it
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const mine = `${path}.${process.pid}`;
  await writeFile(mine, JSON.stringify(await identityOf(process.pid)));
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      // a link, unlike a new file, is there with its content or not at all
      if (await linked(mine, path)) return () => rm(path, { force: true });
      const holder = await readHolder(path);
      if (holder && (await isAlive(holder))) {
        throw new ReelstreamError('usage', `process ${holder.pid} holds ${path}: stop that producer first`);
      }
      await rm(path, { force: true });
    }
    throw new ReelstreamError('usage', `another process has just taken ${path}`);
  } finally {
    await rm(mine, { force: true });
  }
}

interface Holder {
  readonly pid: number;
  readonly startTime: string;
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Null when the file is gone or no lock of ours. */
async function readHolder(path: string): Promise<Holder | null> {
  try {
    const { pid, startTime } = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    return Number.isSafeInteger(pid) && pid! > 0 ? { pid: pid!, startTime: String(startTime) } : null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return (await identityOf(holder.pid)).startTime === holder.startTime;
}

/** The start time is in clock ticks since the machine started; '' where there is no /proc. */
async function identityOf(pid: number): Promise<Holder> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // the name, in brackets, may hold anything; the start time is the 20th field after it
  return { pid, startTime: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '' };
}
