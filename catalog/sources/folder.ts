import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import type { Source, SourceFile } from './source.ts';

/**
 * A folder and its direct subfolders.
 * @throws ReelstreamError `usage` when it cannot be read
 */
export async function folderSource(folder: string): Promise<Source> {
  const here = await entriesOf(folder);
  const below = here.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const files: SourceFile[] = [];
  for (const place of ['', ...below]) {
    for (const entry of place === '' ? here : await entriesOf(join(folder, place))) {
      if (entry.isFile())
        files.push(await localFile(join(folder, place, entry.name), join(place, entry.name)));
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

function entriesOf(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch((error: Error) => refuse(folder, error));
}

function refuse(path: string, error: Error): never {
  throw new ReelstreamError('usage', `${path} cannot be read: ${error.message}`, { cause: error });
}
