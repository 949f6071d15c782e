import { describeAggregates, RAW_TABLE } from '../../clickhouse/aggregates.ts';
import { recoverSlot } from '../../clickhouse/recover.ts';
import { type DeepReport, recoverDeep, rewind } from '../../clickhouse/recover-deep.ts';
import { lastOffset } from '../../clickhouse/standing.ts';
import { acceptNewTopic } from '../../clickhouse/streams.ts';
import { type OwnerOptions, ownerOptions, underFence } from '../../clickhouse/under-fence.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { ExitCode } from '../../runtime/exit-codes.ts';
import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine, printTable } from '../print.ts';
import { chosenSlots, parseSlots } from '../slot-options.ts';
import { clickHouseFrom, kafkaAdminFrom } from '../wiring.ts';

interface Options {
  readonly slots?: number[];
  readonly deep?: boolean;
  readonly rewind?: { readonly slot: number; readonly offset: number };
  readonly acceptNewTopic?: boolean;
  readonly json?: boolean;
}

const HELP = `
The sink does this by itself at every claim; by hand it is for tables that no sink reads at the moment. Each slot is taken
over for the time of its repair: a sink that streams claims it again afterwards.

  --deep also counts offsets one by one and compares control totals, and derives months anew that differ: for after an
  engine that lost rows it had acknowledged. Holes in events_raw are reported; only the log can fill them:
  --rewind 3:1200 takes the rows of slot 3 from offset 1200 on out again, and the sink reads them anew from Kafka.

  --accept-new-topic after REELSTREAM_RATINGS_TOPIC was re-created on purpose: its records get new slots from the start of
  the log. What the old topic left in the tables stays.

Exit codes: 0 nothing is left to repair, 1 events_raw has holes, 3 ClickHouse is away`;

const RECOVER_TIMEOUT_MS = 600_000;

export const configure: Configure = (command) => {
  command
    .description('bring every aggregate to exactly what events_raw says')
    .option('--slots <list>', 'only these slots (default all)', parseSlots)
    .option('--deep', 'also look for holes and wrong totals')
    .option('--rewind <slot:offset>', 'cut a slot back, to be read again from Kafka', parsePosition)
    .option('--accept-new-topic', 'the ratings topic was re-created on purpose: begin new slots')
    .option('--json', 'print the repairs as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (options: Options, settings) => {
        const clickhouse = clickHouseFrom(settings, { requestTimeoutMs: RECOVER_TIMEOUT_MS });
        try {
          const owner = await ownerOptions(clickhouse, systemClock);
          if (options.acceptNewTopic) return await acceptTopic(owner, settings, options);
          if (options.rewind) return await rewindTo(owner, options.rewind, options);
          const slots = await chosenSlots(clickhouse, options.slots);
          const reports = options.deep ? await recoverDeep(owner, slots) : await recoverPlain(owner, slots);
          if (options.json) printJson(reports);
          else printReports(reports);
          return reports.some(({ gaps }) => gaps.length > 0) ? 1 : 0;
        } finally {
          await clickhouse.close();
        }
      }),
    );
};

async function rewindTo(
  owner: OwnerOptions,
  { slot, offset }: NonNullable<Options['rewind']>,
  { json }: Options,
): Promise<ExitCode> {
  await chosenSlots(owner.clickhouse, [slot]);
  await rewind(owner, slot, offset);
  const nextOffset = (await lastOffset(owner.clickhouse, RAW_TABLE, slot)) + 1;
  if (json) printJson({ slot, nextOffset });
  else printLine(`slot ${slot} goes on at offset ${nextOffset}`);
  return 0;
}

async function acceptTopic(owner: OwnerOptions, settings: Settings, { json }: Options): Promise<ExitCode> {
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const admin = kafkaAdminFrom(settings, 'reelstream-recover');
  try {
    const clusterId = await admin.clusterId();
    const partitionCount = await admin.partitionCount(topic);
    const { clickhouse, clock, limits } = owner;
    const stream = await acceptNewTopic(
      clickhouse,
      { clusterId, topic, partitionCount },
      { clock, ...limits },
    );
    const slots = stream.map(({ slot }) => slot);
    if (json) printJson({ topic, slots });
    else printLine(`${topic} begins anew in slots ${slots.join(', ')}`);
    return 0;
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

async function recoverPlain(owner: OwnerOptions, slots: readonly number[]): Promise<DeepReport[]> {
  const aggregates = await describeAggregates(owner.clickhouse);
  const reports: DeepReport[] = [];
  for (const slot of slots) {
    const { repairs } = await underFence(owner, slot, (context) => recoverSlot(context, aggregates, slot));
    reports.push({ slot, gaps: [], repairs });
  }
  return reports;
}

function printReports(reports: readonly DeepReport[]): void {
  const rows = reports.flatMap(({ slot, repairs }) =>
    repairs.map(({ table, kind, rows }) => [slot, table, kind, rows]),
  );
  if (rows.length === 0) printLine(`nothing to repair in ${reports.length} slots`);
  else printTable(['slot', 'table', 'repair', 'rows of raw'], rows);
  for (const { slot, gaps } of reports) {
    for (const gap of gaps) printLine(`slot ${slot}: gap in events_raw: ${JSON.stringify(gap)}`);
  }
}
