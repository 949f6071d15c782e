import { type DeepReport, recoverDeep, recoverPlain } from '../../clickhouse/recover-deep.ts';
import { rewind } from '../../clickhouse/rewind.ts';
import { readPositions } from '../../clickhouse/standing.ts';
import { type OwnerOptions, ownerOptions } from '../../clickhouse/under-fence.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import type { ExitCode } from '../../runtime/exit-codes.ts';
import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine, printTable } from '../print.ts';
import { requireReadableAgain } from '../recover/readable-again.ts';
import { acceptLoss, acceptNewTopic } from '../recover/replace-stream.ts';
import { chosenSlots, parseSlots } from '../slot-options.ts';
import { clickHouseFrom, kafkaAdminFrom } from '../wiring.ts';

interface Options {
  readonly slots?: number[];
  readonly deep?: boolean;
  readonly despiteGaps?: boolean;
  readonly rewind?: { readonly slot: number; readonly offset: number };
  readonly force?: boolean;
  readonly acceptNewTopic?: boolean;
  readonly acceptLoss?: boolean;
  readonly json?: boolean;
}

const HELP = `
The sink does this by itself at every claim; by hand it is for tables that no sink reads at the moment. Each slot is taken
over for the time of its repair: a sink that streams claims it again afterwards.

  --deep also audits, and derives months anew that differ in any key: for after an engine that lost rows it had
  acknowledged. Holes in events_raw are reported, and their slots left as they are, because the aggregates may hold what
  events_raw lost: --despite-gaps derives them from what is there. Only the log can fill a hole:
  --rewind 3:1200 takes the rows of slot 3 from offset 1200 on out again, and the sink reads them anew from Kafka. Refused
  where Kafka does not have them any more, or retention has sealed them; --force does not ask Kafka.

  --accept-new-topic after REELSTREAM_RATINGS_TOPIC was re-created on purpose: its records get new slots from the start of
  the log. What the old topic left in the tables stays. Refused unless the log shows it.
  --accept-loss after Kafka has deleted records that no sink had read: goes on where the log begins now.

Exit codes: 0 nothing is left to repair, 1 events_raw has holes, 2 refused, 3 ClickHouse or Kafka is away`;

const RECOVER_TIMEOUT_MS = 600_000;

export const configure: Configure = (command) => {
  command
    .description('bring every aggregate to exactly what events_raw says')
    .option('--slots <list>', 'only these slots (default all)', parseSlots)
    .option('--deep', 'also look for holes, and audit every key')
    .option('--despite-gaps', 'with --deep: also derive anew where events_raw has holes')
    .option('--rewind <slot:offset>', 'cut a slot back, to be read again from Kafka', parsePosition)
    .option('--force', 'with --rewind: also where Kafka cannot give the records back')
    .option('--accept-new-topic', 'the ratings topic was re-created on purpose: begin new slots')
    .option('--accept-loss', 'Kafka deleted unread records: go on behind them')
    .option('--json', 'print the repairs as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (options: Options, settings) => {
        const clickhouse = clickHouseFrom(settings, { requestTimeoutMs: RECOVER_TIMEOUT_MS });
        try {
          const owner = await ownerOptions(clickhouse, systemClock);
          if (options.acceptNewTopic || options.acceptLoss)
            return await beginStream(owner, settings, options);
          if (options.rewind) return await rewindTo(owner, settings, options.rewind, options);
          return await repair(owner, options);
        } finally {
          await clickhouse.close();
        }
      }),
    );
};

async function repair(owner: OwnerOptions, options: Options): Promise<ExitCode> {
  const slots = await chosenSlots(owner.clickhouse, options.slots);
  const { deep, despiteGaps = false, json } = options;
  const reports = deep ? await recoverDeep(owner, slots, { despiteGaps }) : await recoverPlain(owner, slots);
  if (json) printJson(reports);
  else printReports(reports);
  return reports.some(({ gaps }) => gaps.length > 0) ? 1 : 0;
}

async function rewindTo(
  owner: OwnerOptions,
  settings: Settings,
  { slot, offset }: NonNullable<Options['rewind']>,
  { force, json }: Options,
): Promise<ExitCode> {
  const { clickhouse } = owner;
  await chosenSlots(clickhouse, [slot]);
  if (!force) await withKafka(settings, (probe) => requireReadableAgain(clickhouse, probe, { slot, offset }));
  await rewind(owner, slot, offset);
  const nextOffset = ((await readPositions(clickhouse, [slot])).get(slot) ?? -1) + 1;
  if (json) printJson({ slot, nextOffset });
  else printLine(`slot ${slot} goes on at offset ${nextOffset}`);
  return 0;
}

async function beginStream(
  owner: OwnerOptions,
  settings: Settings,
  { acceptLoss: isLoss, json }: Options,
): Promise<ExitCode> {
  const begin = isLoss ? acceptLoss : acceptNewTopic;
  const begun = await withKafka(settings, (probe) => begin(owner, probe, settings.REELSTREAM_RATINGS_TOPIC));
  if (json) printJson(begun);
  else {
    const { topic, slots, recordsToRead } = begun;
    printLine(
      `${topic} goes on in slots ${slots.join(', ')}: ${recordsToRead} records of the log will be read`,
    );
  }
  return 0;
}

async function withKafka<T>(settings: Settings, work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = kafkaAdminFrom(settings, 'reelstream-recover');
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** `3:1200` */
function parsePosition(text: string): { slot: number; offset: number } {
  const match = /^(\d{1,5}):(\d{1,15})$/.exec(text);
  if (!match) throw new ReelstreamError('usage', `--rewind: "${text}" is not slot:offset, such as 3:1200`);
  return { slot: Number(match[1]), offset: Number(match[2]) };
}

function printReports(reports: readonly DeepReport[]): void {
  const rows = reports.flatMap(({ slot, repairs }) =>
    repairs.map(({ table, kind, rows }) => [slot, table, kind, rows]),
  );
  if (rows.length > 0) printTable(['slot', 'table', 'repair', 'rows of raw'], rows);
  else if (reports.every(({ kept }) => kept.length === 0))
    printLine(`nothing to repair in ${reports.length} slots`);
  for (const { slot, gaps, kept } of reports) {
    for (const gap of gaps) printLine(`slot ${slot}: gap in events_raw: ${JSON.stringify(gap)}`);
    if (kept.length > 0)
      printLine(
        `slot ${slot}: months ${kept.join(', ')} differ and stay: first fill the hole, recover --rewind ${slot}:${gaps[0]!.from}`,
      );
  }
}
