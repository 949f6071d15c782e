import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Mount, type StaticFiles, staticFiles } from '../../console/server/static-files.ts';
import { projectRoot } from '../../runtime/environment.ts';

/** Scripts come from the build, what the build leaves alone from the sources. */
const built = (folder: string): string => join(projectRoot, 'dist', 'console', folder);
const source = (folder: string): string => join(projectRoot, 'console', folder);

const both = (prefix: string, folder: string): Mount[] => [
  { prefix, folder: built(folder), endings: ['.js'] },
  { prefix: `${prefix}style/`, folder: source(folder), endings: ['.css', '.svg'] },
];

/** Everything that a browser loads from the console. */
export function consoleFiles(): StaticFiles {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  return staticFiles(
    [
      { prefix: '/uplot/', folder: join(uplot, 'dist'), endings: ['.js', '.css'] },
      ...both('/page/', 'page'),
      ...both('/drawing/', 'drawing'),
      ...both('/recommend/', 'recommend'),
      ...both('/look/', 'look'),
    ].sort((a, b) => b.prefix.length - a.prefix.length),
    { '/': join(source('page'), 'index.html') },
  );
}

/** The recommendation page by itself, as the API serves it below /ui/. */
export function recommendFiles(): StaticFiles {
  return staticFiles(
    [...both('/ui/recommend/', 'recommend'), ...both('/ui/look/', 'look')].sort(
      (a, b) => b.prefix.length - a.prefix.length,
    ),
    { '/ui/': join(source('recommend'), 'index.html') },
  );
}
