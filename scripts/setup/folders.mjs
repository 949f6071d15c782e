/** A folder is filled beside its place and moved there when whole: what was interrupted never counts as done. */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** `fill(draft)` gets an empty folder; when it succeeds the draft takes the place of `folder`. Callers hold the lock. */
export async function replaceFolder(folder, fill) {
  const parent = dirname(folder);
  const prefix = `.${basename(folder)}-`;
  mkdirSync(parent, { recursive: true });
  // Drafts of set-ups that were killed
  for (const name of readdirSync(parent)) {
    if (name.startsWith(prefix)) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const draft = join(parent, `${prefix}draft`);
  const former = join(parent, `${prefix}former`);
  mkdirSync(draft);
  await fill(draft);
  try {
    renameSync(folder, former);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  renameSync(draft, folder);
  rmSync(former, { recursive: true, force: true });
}
