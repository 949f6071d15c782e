import { createReadStream, type Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import type { Source, SourceFile } from './source.ts';

/**
 * A folder and its direct subfolders; symbolic links count as what they lead to.
 * @throws ReelstreamError `usage` when it cannot be read
 */
export async function folderSource(folder: string): Promise<Source> {
  const here = await entriesOf(folder);
  const below = here.filter(({ kind }) => kind === 'folder').map(({ name }) => name);
  const files: SourceFile[] = [];
  for (const place of ['', ...below]) {
    for (const { name, kind } of place === '' ? here : await entriesOf(join(folder, place))) {
      if (kind === 'file') files.push(await localFile(join(folder, place, name), join(place, name)));
    }
  }
  return { label: folder, revision: null, files, close: async () => {} };
}

/** One file of this machine. */
export async function localFile(path: string, shown: string = basename(path)): Promise<SourceFile> {
  const { size } = await stat(path).catch((error: Error) => refuse(path, error));
  return {
    path: shown,
    bytes: size,
    open: async () => createReadStream(path),
  };
}

async function entriesOf(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: Error) =>
    refuse(folder, error),
  );
  return Promise.all(entries.map(async (entry) => ({ name: entry.name, kind: await kindOf(folder, entry) })));
}

/** Neither for sockets and the like, and for a link that leads nowhere. */
async function kindOf(folder: string, entry: Dirent): Promise<'file' | 'folder' | 'neither'> {
  const found = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => entry) : entry;
  return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'neither';
}

function refuse(path: string, error: Error): never {
  throw new ReelstreamError('usage', `${path} cannot be read: ${error.message}`, { cause: error });
}
