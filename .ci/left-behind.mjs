/**
 * Exit 1 when a process of the given run still lives, with its command line. Every process inherits the run's id with its
 * environment, whoever its parent is by now. Those that are just ending get ten seconds.
 */
import { readdirSync, readFileSync } from 'node:fs';

const DEADLINE_MS = 10_000;
const marker = `REELSTREAM_TEST_RUN=${process.argv[2]}`;

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // ended between the listing and the look
    return '';
  }
}

function leftBehind() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/environ`).split('\0').includes(marker))
    .map((pid) => `${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 200)}`);
}

const startedMs = performance.now();
let left = leftBehind();
while (left.length > 0 && performance.now() - startedMs < DEADLINE_MS) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  left = leftBehind();
}
for (const line of left) process.stdout.write(`left behind: ${line}\n`);
process.exitCode = left.length > 0 ? 1 : 0;
