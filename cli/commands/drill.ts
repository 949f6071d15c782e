import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { type Interrupts, withInterrupts } from '../../runtime/interrupts.ts';
import { action, type Configure } from '../command.ts';
import { DRILLS } from '../drill/cases.ts';
import type { DrillCase } from '../drill/drill-case.ts';
import { type AnyDrill, type DrillResult, isOnHistory } from '../drill/drill-result.ts';
import { startDrillStack } from '../drill/drill-stack.ts';
import { HISTORY_DRILLS } from '../drill/history/cases.ts';
import type { HistoryDrill } from '../drill/history/history-drill.ts';
import { requirePrograms } from '../drill/history/history-specs.ts';
import { startHistoryStack } from '../drill/history/history-stack.ts';
import { runHistoryDrill } from '../drill/history/run-history.ts';
import { askPrometheus } from '../drill/prometheus.ts';
import { openReceiver, type Receiver } from '../drill/receiver.ts';
import { runAll } from '../drill/run-all.ts';
import { type DrillParts, runDrill } from '../drill/run-drill.ts';
import { createProgress, printJson, printLine, printTable } from '../print.ts';
import { didYouMean } from '../suggest.ts';

interface Options {
  readonly without?: string;
  readonly json?: boolean;
}

const ALL: readonly AnyDrill[] = [...DRILLS, ...HISTORY_DRILLS];
const listed = (drills: readonly AnyDrill[]) =>
  drills.map(({ name, fault }) => `  ${name.padEnd(16)} ${fault}`).join('\n');

const HELP = `
Faults in a running pipeline:
${listed(DRILLS)}
Faults in a history of hours or days, for alerts that look back so far:
${listed(HISTORY_DRILLS)}
  ${'all'.padEnd(16)} one after the other

A drill starts a pipeline of its own (temporary folder, free ports; yours is not touched) with the alert profile demo, whose
minutes are seconds. It waits until all is well, causes the fault for real, and listens on a web hook to what Alertmanager
tells: the expected alert must come, no other one may, and all of them must be told to be over once the fault is.

A drill on history starts Prometheus and Alertmanager alone, with the rules of production: their past is filled in by promtool
up to a moment before the alert, one with it, and one after it. Prometheus, promtool and Alertmanager are needed.

Exit codes: 0 exactly what was expected was told, 1 not so, 2 no such drill, 3 the pipeline did not start`;

export const configure: Configure = (command) => {
  command
    .description('cause a fault on purpose and see that its alert, and no other, is told')
    .option('--without <alert>', 'leave this alert out of the rules: the drill must then fail')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (options: Options, _settings, names: string[]) => {
        const drills = drillsCalled(names);
        const results = await withInterrupts((interrupts) => runDrills(drills, options, interrupts));
        if (options.json) printJson(results.map(asJson));
        else printResults(results);
        return results.every(({ deviations }) => deviations.length === 0) ? 0 : 1;
      }),
    );
};

/** In the order of the list, whatever the order they were asked for in: the later ones need a longer history. */
function drillsCalled(names: readonly string[]): readonly AnyDrill[] {
  const known = [...ALL.map(({ name }) => name), 'all'];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ReelstreamError('usage', `there is no drill ${unknown}${didYouMean(unknown, known)}`);
  }
  return names.includes('all') ? ALL : ALL.filter(({ name }) => names.includes(name));
}

/** What every drill of a run has in common. */
interface Surroundings {
  readonly receiver: Receiver;
  readonly withoutAlert: string | null;
  readonly interrupts: Interrupts;
  show(line: string): void;
}

async function runDrills(
  drills: readonly AnyDrill[],
  options: Options,
  interrupts: Interrupts,
): Promise<DrillResult[]> {
  const progress = createProgress();
  const receiver = await openReceiver(() => systemClock.monotonicMs());
  const withoutAlert = options.without ?? null;
  const show = (line: string) => progress.done(line);
  const surroundings: Surroundings = { receiver, withoutAlert, interrupts, show };
  try {
    return await runAll(drills, {
      requireHistory: () => void requirePrograms(),
      running: (some) => runRunning(some, surroundings),
      onHistory: (some) => runOnHistory(some, surroundings),
    });
  } finally {
    await receiver.close();
  }
}

async function runRunning(drills: readonly DrillCase[], given: Surroundings): Promise<DrillResult[]> {
  const { receiver, withoutAlert, show } = given;
  const { stop, broken } = given.interrupts;
  const stack = await startDrillStack({ receiver, withoutAlert, stop, broken, say: show });
  const prometheus = askPrometheus(stack.settings.REELSTREAM_PROMETHEUS_PORT);
  const parts: DrillParts = { stack, receiver, prometheus, clock: systemClock, stop, show };
  try {
    return await Promise.race([inTurn(drills, (drill) => runDrill(drill, parts), show), broken]);
  } finally {
    await stack.stop();
  }
}

async function runOnHistory(drills: readonly HistoryDrill[], given: Surroundings): Promise<DrillResult[]> {
  const { receiver, withoutAlert, show } = given;
  const { stop, broken } = given.interrupts;
  const stack = await startHistoryStack({ receiver, withoutAlert, stop });
  const parts = { stack, receiver, clock: systemClock, stop, show };
  try {
    return await Promise.race([inTurn(drills, (drill) => runHistoryDrill(drill, parts), show), broken]);
  } finally {
    await stack.stop();
  }
}

async function inTurn<Drill extends AnyDrill>(
  drills: readonly Drill[],
  run: (drill: Drill) => Promise<DrillResult>,
  show: (line: string) => void,
): Promise<DrillResult[]> {
  const results: DrillResult[] = [];
  for (const drill of drills) {
    const result = await run(drill);
    results.push(result);
    for (const deviation of result.deviations) show(`${drill.name}: ${deviation}`);
  }
  return results;
}

function asJson({ drill, ...rest }: DrillResult): object {
  const history = isOnHistory(drill) ? drill.words : null;
  return { name: drill.name, fault: drill.fault, onHistory: history, ...rest };
}

function printResults(results: readonly DrillResult[]): void {
  printTable(
    ['drill', 'on', 'alert', 'told after', 'others', 'over after', 'told later', 'as expected'],
    results.map((result) => [
      result.drill.name,
      isOnHistory(result.drill) ? 'history' : 'pipeline',
      [...new Set(result.drill.expected.map(({ alert }) => alert))].join(', '),
      toldAfter(result),
      result.deviations.some((text) => text.includes('was told:')) ? 'SPOKE' : 'silent',
      overAfter(result),
      result.aftermath.length === 0 ? '-' : result.aftermath.join(', '),
      result.deviations.length === 0 ? 'yes' : 'NO',
    ]),
  );
  for (const { drill, deviations } of results) {
    for (const deviation of deviations) printLine(`${drill.name}: ${deviation}`);
  }
}

const seconds = (value: number | null) => (value === null ? '-' : `${value.toFixed(1)} s`);

/** On history the seconds of the drill mean nothing: what counts is how old the fault was. */
function toldAfter({ drill, toldAfterSeconds }: DrillResult): string {
  if (!isOnHistory(drill)) return toldAfterSeconds.map(seconds).join(', ');
  return toldAfterSeconds.includes(null) ? '-' : drill.words.told;
}

function overAfter({ drill, resolvedAfterSeconds }: DrillResult): string {
  if (!isOnHistory(drill)) return seconds(resolvedAfterSeconds);
  return resolvedAfterSeconds === null ? '-' : drill.words.over;
}
