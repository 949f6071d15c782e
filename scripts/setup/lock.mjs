/**
 * One set-up at a time per work tree. The lock names its holder and the commands the holder runs: when the holder is killed,
 * a command it left behind (an `npm ci` half-way through) still counts, and the next set-up waits for that one's end.
 */
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { processStart } from './machine.mjs';

const WAIT_DEADLINE_MS = 20 * 60_000;
const POLL_MS = 200;
/** Taking over a dead holder's lock takes milliseconds; a guard older than this was left by a crash. */
const STALE_GUARD_MS = 10_000;

/** Waits for the lock. Returns `{ addProcess(pid), release() }`. */
export async function takeLock(file, onWait) {
  const holders = [identify(process.pid)];
  const deadlineMs = Date.now() + WAIT_DEADLINE_MS;
  let announced = false;
  while (!createWith(file, holders)) {
    const other = readHolders(file);
    if (other && !other.some(isAlive)) {
      takeOver(file);
      continue;
    }
    if (Date.now() > deadlineMs) throw new Error(`another set-up holds ${file} and does not end`);
    if (!announced && other) onWait(other[0].pid);
    announced = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return {
    addProcess(pid) {
      holders.push(identify(pid));
      writeFileSync(`${file}.${process.pid}`, JSON.stringify(holders));
      renameSync(`${file}.${process.pid}`, file);
    },
    release: () => rmSync(file, { force: true }),
  };
}

/** Creates the file whole or not at all: a reader never sees half a lock. */
function createWith(file, holders) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(holders));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a dead holder's lock. Guarded, or two waiters could each remove the other's fresh lock. */
function takeOver(file) {
  const guard = `${file}.takeover`;
  if (!createWith(guard, [])) {
    const ageMs = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (ageMs > STALE_GUARD_MS) rmSync(guard, { force: true });
    return;
  }
  try {
    const holders = readHolders(file);
    if (holders && !holders.some(isAlive)) rmSync(file, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

function readHolders(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

function identify(pid) {
  return { pid, start: processStart(pid) };
}

function isAlive(holder) {
  return holder.start !== null && processStart(holder.pid) === holder.start;
}
