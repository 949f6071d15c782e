import { systemClock } from '../../core/clock.ts';
import { takeStack } from '../../embedded/supervisor/supervisor.ts';
import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure, parseDurationMs, parseInteger } from '../command.ts';
import { createProgress, printJson, printLine, printTable } from '../print.ts';
import { describeStackEvent, stackPlan, supervisorOptions } from '../stack.ts';
import { runPipeline } from '../start/run-pipeline.ts';
import { faultsOf, type RunFigures, summaryRows } from '../start/summary.ts';
import { clickHouseFrom, kafkaAdminFrom } from '../wiring.ts';

interface Options {
  readonly for?: number;
  readonly rate?: number;
  readonly json?: boolean;
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const HELP = `
Runs until Ctrl-C (or --for): then the producer flushes, the sink drains, every aggregate is audited and everything
stops. A second Ctrl-C skips the drain. Data stays in REELSTREAM_HOME; the next start goes on where this one stopped.

Exit codes: 0 every acknowledged event is in ClickHouse and every aggregate is exact, 1 not so, 3 a part did not start

  npm start -- --for 60s
  npm start -- --rate 5000`;

export const configure: Configure = (command) => {
  command
    .description('run everything on this machine: Kafka, registry, ClickHouse, Prometheus, sink and producer')
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

async function start(options: Options, settings: Settings): Promise<RunFigures> {
  const startedAtMs = systemClock.monotonicMs();
  const progress = createProgress();
  const say = (line: string) => progress.done(line);
  const stop = new AbortController();
  const hurry = new AbortController();
  const onSignal = () => (stop.signal.aborted ? hurry : stop).abort();
  // SIGHUP: a terminal that is closed must not leave the stack behind
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);

  const plan = stackPlan(settings);
  for (const name of plan.missing) say(`${name}: not on this machine; the rest runs`);
  const stack = await takeStack(
    supervisorOptions(settings, 'supervise', (event) => say(describeStackEvent(event)), stop.signal),
  );
  const clickhouse = clickHouseFrom(settings);
  const admin = kafkaAdminFrom(settings, 'reelstream-start');
  try {
    await stack.start(plan.specs);
    sayAddresses(settings, plan.missing, say);
    return await runPipeline({
      settings,
      stack,
      clickhouse,
      admin,
      rate: options.rate ?? settings.REELSTREAM_PRODUCER_RATE,
      forMs: options.for,
      startedAtMs,
      stop: stop.signal,
      hurry: hurry.signal,
      say,
      show: progress.update,
    });
  } finally {
    await Promise.allSettled([clickhouse.close(), admin.close()]);
    await stack.stop();
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
  }
}

function sayAddresses(settings: Settings, missing: readonly string[], say: (line: string) => void): void {
  const host = 'http://127.0.0.1';
  say(`ClickHouse   ${host}:${settings.REELSTREAM_CLICKHOUSE_PORT}`);
  say(`Kafka        ${settings.REELSTREAM_KAFKA_BROKERS.join(',')}`);
  say(`registry     ${settings.REELSTREAM_REGISTRY_URL}`);
  if (!missing.includes('prometheus')) say(`Prometheus   ${host}:${settings.REELSTREAM_PROMETHEUS_PORT}`);
}
