import { systemClock } from '../../core/clock.ts';
import type { StackEvent } from '../../embedded/supervisor/stack-events.ts';
import { takeStack } from '../../embedded/supervisor/supervisor.ts';
import { type Interrupts, withInterrupts } from '../../runtime/interrupts.ts';
import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure, parseDurationMs, parseInteger } from '../command.ts';
import { requireOwnAddresses } from '../own-addresses.ts';
import { createProgress, printJson, printLine, printTable } from '../print.ts';
import { describeStackEvent, stackPlan, supervisorOptions } from '../stack.ts';
import { runPipeline } from '../start/run-pipeline.ts';
import { servicesOf } from '../start/services.ts';
import { faultsOf, type RunFigures, summaryRows } from '../start/summary.ts';
import { clickHouseFrom, kafkaAdminFrom } from '../wiring.ts';

interface Options {
  readonly for?: number;
  readonly rate?: number;
  readonly json?: boolean;
}

const HELP = `
Runs until Ctrl-C (or --for): then the producer flushes, the sink drains, every aggregate is audited and everything
stops. A second Ctrl-C, a second or more after the first, skips all but the stop. Data stays in REELSTREAM_HOME; the
next start goes on where this one stopped.

Exit codes: 0 every acknowledged event is in ClickHouse and every aggregate is exact, 1 not so or not looked at,
2 an address is of another server than this stack, 3 a part did not start or is away

  npm start -- --for 60s
  npm start -- --rate 5000`;

export const configure: Configure = (command) => {
  command
    .description(
      'run everything on this machine: Kafka, registry, ClickHouse, Prometheus, sink, recommender, producer, reconciler and console',
    )
    .option(
      '--for <duration>',
      'produce for this long, then drain, sum up and stop (60s, 5m)',
      parseDurationMs,
    )
    .option(
      '--rate <n>',
      'events per second (default REELSTREAM_PRODUCER_RATE)',
      parseInteger('--rate', 1, 10_000_000),
    )
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (options: Options, settings) => {
        const figures = await start(options, settings);
        const faults = faultsOf(figures);
        if (options.json) printJson({ ...figures, faults });
        else {
          printTable(['what', 'value'], summaryRows(figures));
          printLine();
          printLine(
            faults.length === 0
              ? 'every acknowledged event is in ClickHouse; every aggregate is exact'
              : faults.join('\n'),
          );
        }
        return faults.length === 0 ? 0 : 1;
      }),
    );
};

function start(options: Options, settings: Settings): Promise<RunFigures> {
  requireOwnAddresses(settings);
  return withInterrupts((interrupts) => runStack(options, settings, interrupts));
}

async function runStack(
  options: Options,
  settings: Settings,
  { stop, broken }: Interrupts,
): Promise<RunFigures> {
  const startedAtMs = systemClock.monotonicMs();
  const progress = createProgress();
  const say = (line: string) => progress.done(line);
  const rate = options.rate ?? settings.REELSTREAM_PRODUCER_RATE;
  const services = servicesOf(settings, rate);
  const plan = stackPlan(settings);
  for (const name of plan.missing) say(`${name}: not on this machine; the rest runs`);
  const onEvent = (event: StackEvent) => say(describeStackEvent(event));
  const stack = await takeStack(supervisorOptions(settings, 'supervise', onEvent, stop));
  const clickhouse = clickHouseFrom(settings);
  const admin = kafkaAdminFrom(settings, 'reelstream-start');
  const over = new AbortController();
  const run = async () => {
    await stack.start(plan.specs, [
      services.sink,
      services.recommender,
      services.producer,
      services.reconciler,
      services.console,
    ]);
    sayAddresses(settings, plan.missing, say);
    return runPipeline({
      settings,
      stack,
      services,
      clickhouse,
      admin,
      rate,
      forMs: options.for,
      startedAtMs,
      stop,
      over: over.signal,
      say,
      show: progress.update,
    });
  };
  const died = stack.failed.then((error) => {
    throw error;
  });
  try {
    return await Promise.race([run(), died, broken]);
  } finally {
    over.abort();
    await Promise.allSettled([clickhouse.close(), admin.close()]);
    await stack.stop();
  }
}

function sayAddresses(settings: Settings, missing: readonly string[], say: (line: string) => void): void {
  const host = 'http://127.0.0.1';
  say(`console      ${host}:${settings.REELSTREAM_CONSOLE_PORT}  (open this one)`);
  say(`ClickHouse   ${host}:${settings.REELSTREAM_CLICKHOUSE_PORT}`);
  say(`Kafka        ${settings.REELSTREAM_KAFKA_BROKERS.join(',')}`);
  say(`recommender  ${host}:${settings.REELSTREAM_RECOMMENDER_PORT}`);
  say(`registry     ${settings.REELSTREAM_REGISTRY_URL}`);
  if (!missing.includes('prometheus')) say(`Prometheus   ${host}:${settings.REELSTREAM_PROMETHEUS_PORT}`);
}
