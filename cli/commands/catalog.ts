import type { Command } from 'commander';
import type { LoadDeps } from '../../catalog/load.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { ExitCode } from '../../runtime/exit-codes.ts';
import { createLogger } from '../../runtime/logger.ts';
import type { Settings } from '../../runtime/settings.ts';
import { checkLoad, printChecks } from '../catalog/load-checks.ts';
import { printResult } from '../catalog/print-result.ts';
import { catalogueProgress } from '../catalog/progress.ts';
import {
  type CatalogueOptions,
  type CatalogueRequest,
  catalogueRequest,
  fulfil,
  openOptionsFrom,
  reportsFolderOf,
} from '../catalog/requests.ts';
import { createLook, startWatch, WATCH_METRICS } from '../catalog/watch-service.ts';
import { action, type Configure, parseDurationMs } from '../command.ts';
import { createProgress, printJson, printLine } from '../print.ts';
import { runFramed } from '../service-frame.ts';
import { clickHouseFrom } from '../wiring.ts';

const SOURCES = `
A source is a folder, a zip archive, or a zip archive on a web server (https://, http://) or in an S3 bucket
(s3://bucket/key.zip; REELSTREAM_S3_* settings). It holds links.csv with movies.csv beside it (MovieLens),
movies_metadata*.csv (The Movies Dataset), and optionally CPI*.csv and CUSR*.csv (FRED), at its top or one folder
below. Ratings are not read: they are events and come through Kafka (reelstream produce --history).`;

const LOAD_HELP = `${SOURCES}

Readers see the old catalogue until the new one is complete; a load that fails changes nothing; loading the same
contents again does nothing, wherever they lie. Each load leaves quarantine.ndjson (what could not be used, with file,
line, field, reason and text), errors.ndjson and report.json below REELSTREAM_HOME/catalog/loads; the report is in
load_reports and catalog_sources too. After a load the rows of every table are checked against the source and against
yesterday (table check_results; a row in the table checks changes an operator). Then: reelstream doctor, and reelstream
rebuild --catalog for what came in under older versions.

  reelstream catalog load data
  reelstream catalog load the-movies-dataset.zip --strict
  reelstream catalog load s3://bucket/films.zip --cpi https://fred.stlouisfed.org/graph/fredgraph.csv?id=CPIAUCSL

Exit codes: 0 loaded or unchanged, 1 a file is none of such, or --strict refused, 2 wrong use,
3 ClickHouse or the server with the files is away`;

const WATCH_HELP = `${SOURCES}

Looks at once, then at every interval. A server is asked whether its copy changed (ETag or Last-Modified) and nothing is
fetched when it did not; folders and local archives are told by their content. A look that fails leaves the catalogue as
it is and comes again within the interval. Where another catalogue was loaded in between, the next look loads the
source again. Metrics, /healthz and /readyz on REELSTREAM_CATALOG_METRICS_PORT.

  reelstream catalog watch https://example.org/films.zip --every 24h
  reelstream catalog watch s3://bucket/films.zip --once      one look, for cron

Exit codes: 0 stopped by SIGINT or SIGTERM, or --once went well; with --once otherwise as catalog load`;

export const configure: Configure = (command) => {
  shared(command, 'load', 'load films, links and price indices as the next version of the catalogue')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', LOAD_HELP)
    .action(
      action(
        async ({ json, ...options }: CatalogueOptions & { json?: boolean }, settings, address: string) => {
          const { result, checks } = await load(catalogueRequest(address, options, settings), settings);
          if (json) printJson({ ...result, checks, peakMemoryMb: peakMemoryMb() });
          else {
            printResult(result);
            printChecks(checks);
          }
          return 0;
        },
      ),
    );
  shared(command, 'watch', 'load a source again whenever it has changed')
    .option('--every <duration>', 'time between two looks (default: 24h)', parseDurationMs)
    .option('--once', 'look once and end')
    .addHelpText('after', WATCH_HELP)
    .action(
      action(async (options: CatalogueOptions & WatchOptions, settings, address: string) => {
        const request = catalogueRequest(address, options, settings);
        const { every = DEFAULT_INTERVAL_MS } = options;
        if (every < MIN_INTERVAL_MS) throw new ReelstreamError('usage', '--every: at least 1s');
        return options.once ? lookOnce(request, settings) : watch(request, every, settings);
      }),
    );
};

interface WatchOptions {
  readonly every?: number;
  readonly once?: boolean;
}

const MIN_INTERVAL_MS = 1_000;
const DEFAULT_INTERVAL_MS = 24 * 3_600_000;

function shared(command: Command, name: string, description: string): Command {
  return command
    .command(`${name} <source>`)
    .description(description)
    .option(
      '--cpi <file>',
      'price index in FRED form, file or URL; its series win over the source (repeatable)',
      collect,
    )
    .option('--from <date>', 'only films released from then on: 1990, 1990-06 or 1990-06-15')
    .option('--to <date>', 'only films released until then')
    .option('--strict', 'refuse the load when a row or field cannot be used')
    .exitOverride();
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

async function load(request: CatalogueRequest, settings: Settings) {
  const progress = createProgress();
  const shown = catalogueProgress(progress, systemClock);
  return withDeps(settings, async (deps) => {
    try {
      const open = openOptionsFrom(settings, {
        clock: deps.clock,
        logger: deps.logger,
        onBytes: shown.download,
      });
      const done = await fulfil(request, { ...deps, onProgress: shown.load }, open);
      if (done.kind === 'looked') return { result: done.result, checks: await checkLoad(deps, done.result) };
      throw new ReelstreamError('unavailable', 'the server gave nothing although nothing was known of it');
    } finally {
      progress.done();
    }
  });
}

async function lookOnce(request: CatalogueRequest, settings: Settings): Promise<ExitCode> {
  return withDeps<ExitCode>(settings, async (deps) => {
    const look = createLook(request, deps, (signal) => openOptionsFrom(settings, { ...deps, signal }));
    const { outcome, version } = await look(new AbortController().signal);
    printLine(
      outcome === 'loaded' ? `catalogue version ${version} is live` : `version ${version}: unchanged`,
    );
    return 0;
  });
}

function watch(request: CatalogueRequest, everyMs: number, settings: Settings) {
  const frame = {
    name: 'catalog',
    port: settings.REELSTREAM_CATALOG_METRICS_PORT,
    metricNames: WATCH_METRICS,
  };
  return runFramed(settings, frame, async (given) => startWatch(request, everyMs, settings, given));
}

async function withDeps<T>(settings: Settings, work: (deps: LoadDeps) => Promise<T>): Promise<T> {
  const clickhouse = clickHouseFrom(settings);
  try {
    return await work({
      clickhouse,
      clock: systemClock,
      logger: createLogger({ level: settings.REELSTREAM_LOG_LEVEL, service: 'catalog', descriptor: 2 }),
      reportsFolder: reportsFolderOf(settings),
    });
  } finally {
    await clickhouse.close();
  }
}

/** The most this process has held in memory. */
function peakMemoryMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1_000);
}
