import { createReadStream, type Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import type { Source, SourceFile } from './source.ts';

/** Names of a folder; a test has one that cannot be read. */
type ReadFolder = (path: string) => Promise<Dirent[]>;

const readFolder: ReadFolder = (path) => readdir(path, { withFileTypes: true });

/**
 * A folder and its direct subfolders; symbolic links count as what they lead to. A subfolder that cannot be read is passed
 * by and named in `unreadable`: whose it is may have nothing to do with films.
 * @throws ReelstreamError `usage` when the folder itself cannot be read
 */
export async function folderSource(folder: string, read: ReadFolder = readFolder): Promise<Source> {
  const here = await entriesOf(folder, read).catch((error: Error) => refuse(folder, error));
  const places = [{ place: '', entries: here }];
  const unreadable: string[] = [];
  for (const { name } of here.filter(({ kind }) => kind === 'folder')) {
    const entries = await entriesOf(join(folder, name), read).catch(() => null);
    if (entries) places.push({ place: name, entries });
    else unreadable.push(name);
  }
  const files: SourceFile[] = [];
  for (const { place, entries } of places) {
    for (const { name, kind } of entries) {
      if (kind === 'file') files.push(await localFile(join(folder, place, name), join(place, name)));
    }
  }
  return { label: folder, revision: null, files, unreadable, close: async () => {} };
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

async function entriesOf(folder: string, read: ReadFolder) {
  const entries = await read(folder);
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
