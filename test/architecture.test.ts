import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Folder, productSources, type SourceFile } from './helpers/sources.ts';

/** Arrows of docs/architecture.md: folder -> what it may import besides itself. */
const MAY_IMPORT: Readonly<Record<Folder, readonly Folder[] | 'everything'>> = {
  core: [],
  schemas: ['core'],
  kafka: ['core'],
  clickhouse: ['core'],
  catalog: ['core', 'clickhouse'],
  recommender: ['core'],
  producer: ['core', 'schemas', 'kafka'],
  consumers: ['core', 'schemas', 'kafka', 'clickhouse', 'recommender'],
  api: ['core', 'recommender', 'clickhouse', 'kafka'],
  reconciler: ['core', 'kafka', 'clickhouse'],
  dashboards: ['core'],
  console: ['core', 'clickhouse', 'dashboards'],
  embedded: ['core'],
  runtime: ['core'],
  // measures whatever there is; the command hands in what only cli/ may build
  bench: [
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
    'embedded',
    'runtime',
  ],
  cli: 'everything',
};

/** Each outside package has one owner file, so that replacing it touches one file. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  kafkajs: ['kafka/'],
  snappy: ['kafka/codecs.ts'],
  fzstd: ['kafka/codecs.ts'],
  'lz4-napi': ['kafka/codecs.ts'],
  '@kafkajs/confluent-schema-registry': ['schemas/registry.ts'],
  avsc: ['schemas/'],
  '@clickhouse/client': ['clickhouse/connection.ts'],
  chdb: ['embedded/clickhouse/engine.ts'],
  'prom-client': ['runtime/metrics.ts'],
  commander: ['cli/'],
  zod: ['runtime/setting-kinds.ts'],
  pino: ['runtime/logger.ts'],
  dotenv: ['runtime/environment.ts'],
  '@aws-sdk/client-s3': ['catalog/sources/s3.ts'],
  yauzl: ['catalog/sources/zip.ts'],
  echarts: ['cli/ask/chart-svg.ts'],
  '@resvg/resvg-js': ['cli/ask/chart-png.ts'],
  'fastest-levenshtein': ['cli/suggest.ts'],
  fastify: ['api/'],
  '@fastify/swagger': ['api/'],
  '@fastify/swagger-ui': ['api/'],
  '@fastify/rate-limit': ['api/'],
  '@fastify/cors': ['api/'],
  yaml: ['reconciler/checks-file.ts'],
  uplot: ['console/page/time-chart.ts'],
  '@grafana/grafana-foundation-sdk': ['dashboards/'],
  '@prometheus-io/lezer-promql': ['dashboards/'],
};

const LINE_LIMIT = 300;
const sources = productSources();

describe('architecture', () => {
  it('lets folders import only along the arrows', () => {
    const breaches = sources.flatMap((file) =>
      folderImports(file).filter(({ to }) => !allowed(file.folder, to)),
    );
    expect(
      breaches.map(({ from, to }) => `${from} imports ${to}/: move the code or pass it in from cli/`),
    ).toEqual([]);
  });

  it('gives every outside package one owner', () => {
    const breaches = sources.flatMap((file) =>
      file.imports.filter(isPackage).flatMap((name) => {
        const owners = OWNERS[packageName(name)];
        if (!owners) return [`${file.path} imports ${name}, which has no owner yet`];
        const owned = owners.some((owner) =>
          owner.endsWith('/') ? file.path.startsWith(owner) : file.path === owner,
        );
        return owned ? [] : [`${file.path} imports ${name}; its owner is ${owners.join(', ')}`];
      }),
    );
    expect(breaches).toEqual([]);
  });

  it('has no import cycles, of files or of folders', () => {
    expect(findCycle(fileEdges(sources))).toBeNull();
    expect(findCycle(folderEdges(sources))).toBeNull();
  });

  it('keeps every file small enough to hold in the head', () => {
    const long = sources.map((file) => ({ path: file.path, lines: file.text.split('\n').length }));
    expect(
      long.filter(({ lines }) => lines > LINE_LIMIT).map(({ path, lines }) => `${path}: ${lines} lines`),
    ).toEqual([]);
  });

  it('reads the environment and exits only in cli/ and runtime/', () => {
    expect(matches(/process\.(env|exit)\b/, ['cli', 'runtime'])).toEqual([]);
  });

  it('keeps the kernel free of the machine: no clock, no chance, no modules of Node', () => {
    const kernel = sources.filter(({ folder, path }) => folder === 'core' && path !== 'core/clock.ts');
    expect(
      kernel
        .filter(({ text }) => /Date\.now|new Date\(\)|performance\.now|Math\.random|setTimeout/.test(text))
        .map(({ path }) => path),
    ).toEqual([]);
    expect(
      kernel
        .filter(({ imports }) => imports.some((name) => name.startsWith('node:')))
        .map(({ path }) => path),
    ).toEqual([]);
  });

  it('touches the browser only where a browser runs it', () => {
    const browsers = /^console\/(page|recommend|look)\//;
    const touches = /lib="dom|\b(document\.(query|create)|localStorage|sessionStorage)/;
    const others = sources.filter(({ path, text }) => !browsers.test(path) && touches.test(text));
    expect(others.map(({ path }) => path)).toEqual([]);
    const pages = sources.filter(({ path }) => browsers.test(path));
    expect(
      pages.filter(({ imports }) => imports.some((name) => name.startsWith('node:'))).map(({ path }) => path),
    ).toEqual([]);
  });

  it('switches no types off', () => {
    expect(matches(/:\s*any\b|\bas any\b|@ts-ignore|@ts-expect-error|\benum\s+\w+\s*\{/, [])).toEqual([]);
  });

  it('prints only in cli/', () => {
    expect(matches(/console\.|process\.stdout\.write|process\.stderr\.write/, ['cli'])).toEqual([]);
  });

  it('finds a breach when there is one', () => {
    const planted: SourceFile = {
      path: 'core/x.ts',
      folder: 'core',
      text: '',
      imports: ['../kafka/topics.ts'],
    };
    expect(folderImports(planted).filter(({ to }) => !allowed('core', to))).toHaveLength(1);
    const a: SourceFile = { path: 'core/a.ts', folder: 'core', text: '', imports: ['./b.ts'] };
    const b: SourceFile = { path: 'core/b.ts', folder: 'core', text: '', imports: ['./a.ts'] };
    expect(findCycle(fileEdges([a, b]))).toEqual(['core/a.ts', 'core/b.ts', 'core/a.ts']);
    const bench: SourceFile = { path: 'bench/x.ts', folder: 'bench', text: '', imports: ['../cli/y.ts'] };
    const cli: SourceFile = { path: 'cli/z.ts', folder: 'cli', text: '', imports: ['../bench/x.ts'] };
    expect(findCycle(fileEdges([bench, cli]))).toBeNull();
    expect(findCycle(folderEdges([bench, cli]))).toEqual(['bench', 'cli', 'bench']);
  });
});

function matches(pattern: RegExp, exempt: readonly Folder[]): string[] {
  return sources
    .filter(({ folder }) => !exempt.includes(folder))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, i) =>
          pattern.test(line.replace(/^\s*(\*|\/\/|\/\*).*/, '')) ? [`${path}:${i + 1}`] : [],
        ),
    );
}

function allowed(from: Folder, to: string): boolean {
  const targets = MAY_IMPORT[from];
  return targets === 'everything' || from === to || targets.includes(to as Folder);
}

function folderImports(file: SourceFile): { from: string; to: string }[] {
  return relativeImports(file).map((target) => ({ from: file.path, to: target.split('/')[0]! }));
}

function relativeImports(file: SourceFile): string[] {
  return file.imports
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(posix.dirname(file.path), name));
}

function isPackage(name: string): boolean {
  return !name.startsWith('.') && !name.startsWith('node:');
}

function packageName(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

function fileEdges(files: readonly SourceFile[]): Map<string, string[]> {
  return new Map(files.map((file) => [file.path, relativeImports(file)]));
}

function folderEdges(files: readonly SourceFile[]): Map<string, string[]> {
  const edges = new Map<string, string[]>();
  for (const file of files) {
    const others = folderImports(file).flatMap(({ to }) => (to === file.folder ? [] : [to]));
    edges.set(file.folder, [...(edges.get(file.folder) ?? []), ...others]);
  }
  return edges;
}

function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return null;
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle) return cycle;
    }
    finished.add(path);
    return null;
  };
  for (const path of edges.keys()) {
    const cycle = visit(path, []);
    if (cycle) return cycle;
  }
  return null;
}
