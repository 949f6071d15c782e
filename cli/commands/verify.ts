import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { loadClaims } from '../../producer/verify/load-claims.ts';
import type { ExitCode } from '../../runtime/exit-codes.ts';
import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure, parseDurationMs } from '../command.ts';
import { createProgress, printJson } from '../print.ts';
import { printReport, toJson } from '../verify/report.ts';
import { verify } from '../verify/verify.ts';
import { clickHouseFrom, kafkaAdminFrom, kafkaConnectionFrom } from '../wiring.ts';

interface Options {
  readonly ledger: readonly string[];
  /** commander's name for --no-clickhouse */
  readonly clickhouse: boolean;
  readonly wait: number;
  readonly json?: boolean;
}

const CLIENT_ID = 'reelstream-verify';
const QUERY_TIMEOUT_MS = 60_000;
const DEFAULT_WAIT_MS = 60_000;

const HELP = `
Reads the run's topic from where the run began, without a consumer group, and holds every record against the ledger that
produce --ledger wrote: acknowledged and missing, doubled without a label, out of order within a person, never generated.
Then waits for the sink and compares the verdict of every record, and the dead letters, with what its fault asks for.

A run that was stopped and went on under another ledger is verified with both: --ledger first --ledger second.
Workers' ledgers (F.0, F.1 ...) are found by the name that was given to produce.

Exit codes: 0 everything agrees, 1 something differs or the topic no longer holds the run, 2 no such ledger,
3 Kafka or ClickHouse is away or the sink does not get there in time`;

export const configure: Configure = (command) => {
  command
    .description("prove from a run's ledger where every event went: Kafka, events_raw, dead letters")
    .option('--ledger <file>', 'as given to produce; may be given more than once', collect, [])
    .option('--wait <duration>', 'longest wait for the sink (default 60s)', parseDurationMs, DEFAULT_WAIT_MS)
    .option('--no-clickhouse', 'look at the log alone')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action(action((options: Options, settings) => run(options, settings)));
};

function collect(path: string, before: readonly string[]): string[] {
  return [...before, path];
}

async function run(options: Options, settings: Settings): Promise<ExitCode> {
  if (options.ledger.length === 0) throw new ReelstreamError('usage', '--ledger: name the ledger of the run');
  const loaded = await loadClaims(options.ledger);
  const progress = createProgress();
  const admin = kafkaAdminFrom(settings, CLIENT_ID);
  const clickhouse = options.clickhouse
    ? clickHouseFrom(settings, { requestTimeoutMs: QUERY_TIMEOUT_MS })
    : null;
  try {
    const verification = await verify(
      {
        connection: kafkaConnectionFrom(settings, CLIENT_ID),
        admin,
        clickhouse,
        deadLetterTopic: settings.REELSTREAM_DEAD_LETTER_TOPIC,
        waitMs: options.wait,
        clock: systemClock,
        onProgress: progress.update,
      },
      loaded,
    );
    progress.done();
    if (options.json) printJson(toJson(verification));
    else printReport(verification);
    return verification.exact ? 0 : 1;
  } finally {
    progress.done();
    await admin.close();
    await clickhouse?.close();
  }
}
