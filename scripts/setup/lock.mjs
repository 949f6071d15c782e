/**
 * One set-up at a time per work tree. The lock names its holder and the commands the holder runs: when the holder is killed,
 * a command it left behind (an `npm ci` half-way through) still counts, and the next set-up waits for that one's end.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { processStart } from './machine.mjs';

const WAIT_DEADLINE_MS = 20 * 60_000;
const POLL_MS = 200;

/** Waits for the lock. Returns `{ addProcess(pid), release() }`. */
export async function takeLock(file, onWait) {
  const holders = [identify(process.pid)];
  const deadlineMs = Date.now() + WAIT_DEADLINE_MS;
  let announced = false;
  while (!createWith(file, holders)) {
    const other = readHolders(file);
    if (other && !other.some(isAlive) && removeDead(file)) continue;
    if (Date.now() > deadlineMs) throw new Error(`another set-up holds ${file} and does not end`);
    if (!announced && other?.some(isAlive)) {
      onWait(other[0].pid);
      announced = true;
    }
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

/**
 * Removes a dead holder's lock; false when somebody else is at it. Guarded, or two waiters could each remove the other's fresh
 * lock; and only what was seen to be dead, for what is absent may be made at any moment. A guard stays behind only when its
 * process is killed in this very turn.
 */
function removeDead(file) {
  const guard = `${file}.takeover`;
  if (!createWith(guard, [identify(process.pid)])) {
    if (isDead(guard)) rmSync(guard, { force: true });
    return false;
  }
  try {
    if (isDead(file)) rmSync(file, { force: true });
    return true;
  } finally {
    rmSync(guard, { force: true });
  }
}

function isDead(file) {
  const holders = readHolders(file);
  return holders !== null && !holders.some(isAlive);
}

/** Null when there is no such file. What a power cut left half written was a dead holder's. */
function readHolders(file) {
  try {
    const holders = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(holders) ? holders : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
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
