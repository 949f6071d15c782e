import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { projectRoot } from '../../runtime/environment.ts';

export const FOLDERS = [
  'core',
  'schemas',
  'kafka',
  'clickhouse',
  'catalog',
  'recommender',
  'producer',
  'consumers',
  'api',
  'reconciler',
  'dashboards',
  'console',
  'embedded',
  'runtime',
  'bench',
  'cli',
] as const;
export type Folder = (typeof FOLDERS)[number];

export interface SourceFile {
  /** path from the project root, with forward slashes */
  readonly path: string;
  readonly folder: Folder;
  readonly text: string;
  readonly imports: readonly string[];
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g;

/** Every TypeScript file of the product, with what it imports. */
export function productSources(): SourceFile[] {
  return FOLDERS.flatMap((folder) =>
    listFiles(join(projectRoot, folder))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => {
        const text = readFileSync(file, 'utf8');
        return {
          path: relative(projectRoot, file).split(sep).join('/'),
          folder,
          text,
          imports: importsOf(text),
        };
      }),
  );
}

export function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

export function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? listFiles(join(folder, entry.name)) : [join(folder, entry.name)],
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
