import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadDeps, type LoadOptions, type LoadResult, loadCatalogue } from '../../catalog/load.ts';
import { parseReleaseRange, type ReleaseRange } from '../../catalog/range.ts';
import type { SingleFile } from '../../catalog/source-files.ts';
import { localFile } from '../../catalog/sources/folder.ts';
import {
  type FetchedFile,
  labelOf,
  type OpenOptions,
  openFile,
  openSource,
} from '../../catalog/sources/open.ts';
import type { Source } from '../../catalog/sources/source.ts';
import type { Settings } from '../../runtime/settings.ts';
import { sampleFolder } from '../wiring.ts';

export interface CatalogueOptions {
  readonly cpi?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly strict?: boolean;
}

/** All that decides what a load loads, checked before anything is opened. */
export interface CatalogueRequest {
  readonly address: string;
  readonly cpi: readonly string[];
  readonly range: ReleaseRange;
  readonly strict: boolean;
  readonly minCredibleDollars: number;
  /** hash of all of it; secrets that stand in addresses are safe in it */
  readonly key: string;
}

/** @throws ReelstreamError `usage` */
export function catalogueRequest(
  address: string,
  { cpi = [], from, to, strict = false }: CatalogueOptions,
  settings: Settings,
): CatalogueRequest {
  const range = parseReleaseRange(from, to);
  const minCredibleDollars = settings.REELSTREAM_CATALOG_MIN_CREDIBLE_DOLLARS;
  const decisive = JSON.stringify([address, cpi, range, minCredibleDollars]);
  const key = createHash('sha256').update(decisive).digest('hex');
  return { address, cpi, range, strict, minCredibleDollars, key };
}

const MEGABYTE = 1_000_000;

/** Settings -> options of the sources. */
export function openOptionsFrom(
  settings: Settings,
  rest: Pick<OpenOptions, 'clock' | 'logger' | 'onBytes' | 'signal'>,
): OpenOptions {
  return {
    budget: {
      maxDownloadBytes: settings.REELSTREAM_CATALOG_MAX_DOWNLOAD_MB * MEGABYTE,
      maxUnpackedBytes: settings.REELSTREAM_CATALOG_MAX_UNPACKED_MB * MEGABYTE,
    },
    s3: {
      endpoint: settings.REELSTREAM_S3_ENDPOINT,
      region: settings.REELSTREAM_S3_REGION,
      anonymous: settings.REELSTREAM_S3_ANONYMOUS,
      pathStyle: settings.REELSTREAM_S3_PATH_STYLE,
      accessKeyId: settings.REELSTREAM_S3_ACCESS_KEY_ID,
      secretAccessKey: settings.REELSTREAM_S3_SECRET_ACCESS_KEY,
    },
    scratchFolder: join(settings.REELSTREAM_HOME, 'catalog', 'scratch'),
    ...rest,
  };
}

export function reportsFolderOf(settings: Settings): string {
  return join(settings.REELSTREAM_HOME, 'catalog', 'loads');
}

/** What servers said about their copies, by label of the address. */
export type Revisions = ReadonlyMap<string, string>;

export type Fulfilled =
  | { readonly kind: 'not_modified' }
  | { readonly kind: 'looked'; readonly result: LoadResult; readonly revisions: Revisions };

/**
 * Fetches what a request names and loads it. With `known` revisions servers are asked whether anything changed; when
 * nothing did, nothing is fetched. Local files are told by their content.
 */
export async function fulfil(
  request: CatalogueRequest,
  deps: LoadDeps,
  open: OpenOptions,
  known: Revisions = new Map(),
): Promise<Fulfilled> {
  const closers: (() => Promise<void>)[] = [];
  try {
    const opened = await openAll(request, open, known, closers);
    if (!opened) return { kind: 'not_modified' };
    const { source, cpi } = opened;
    const options: LoadOptions = {
      cpi,
      fallbackCpi: await shippedCpi(),
      range: request.range,
      strict: request.strict,
      minCredibleDollars: request.minCredibleDollars,
      requestKey: request.key,
    };
    const result = await loadCatalogue(source, deps, options);
    const all = [source, ...cpi].filter(({ revision }) => revision !== null);
    return { kind: 'looked', result, revisions: new Map(all.map((one) => [one.label, one.revision!])) };
  } finally {
    for (const close of closers) await close();
  }
}

/** Null when every server says that its copy is the known one. */
async function openAll(
  request: CatalogueRequest,
  open: OpenOptions,
  known: Revisions,
  closers: (() => Promise<void>)[],
): Promise<{ source: Source; cpi: FetchedFile[] } | null> {
  const kept = <T extends Source | FetchedFile>(one: T | null): T | null => {
    if (one) closers.push(() => one.close());
    return one;
  };
  const revisionOf = (address: string) => known.get(labelOf(address)) ?? null;
  const source = kept(await openSource(request.address, open, revisionOf(request.address)));
  const cpi: (FetchedFile | null)[] = [];
  for (const address of request.cpi) cpi.push(kept(await openFile(address, open, revisionOf(address))));
  if (!source && cpi.every((one) => one === null)) return null;
  // one changed: all are needed
  const whole: FetchedFile[] = [];
  for (const [i, one] of cpi.entries()) whole.push(one ?? kept(await openFile(request.cpi[i]!, open))!);
  return { source: source ?? kept(await openSource(request.address, open))!, cpi: whole };
}

/** The series that come with the project, for sources without any. */
async function shippedCpi(): Promise<SingleFile[]> {
  const folder = join(sampleFolder, 'cpi');
  const names = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  return Promise.all(
    names.sort().map(async (name) => ({
      file: await localFile(join(folder, name), name),
      label: 'shipped with Reelstream',
      revision: null,
    })),
  );
}
