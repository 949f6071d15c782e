import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { type Interrupts, withInterrupts } from '../../runtime/interrupts.ts';
import { action, type Configure } from '../command.ts';
import { DRILLS } from '../drill/cases.ts';
import type { DrillCase } from '../drill/drill-case.ts';
import { startDrillStack } from '../drill/drill-stack.ts';
import { askPrometheus } from '../drill/prometheus.ts';
import { openReceiver } from '../drill/receiver.ts';
import { type DrillParts, type DrillResult, runDrill } from '../drill/run-drill.ts';
import { createProgress, printJson, printLine, printTable } from '../print.ts';
import { didYouMean } from '../suggest.ts';

interface Options {
  readonly without?: string;
  readonly json?: boolean;
}

const HELP = `
Faults:
${DRILLS.map(({ name, fault }) => `  ${name.padEnd(16)} ${fault}`).join('\n')}
  ${'all'.padEnd(16)} one after the other

A drill starts a pipeline of its own (temporary folder, free ports; yours is not touched) with the alert profile demo, whose
minutes are seconds. It waits until all is well, causes the fault for real, and listens on a web hook to what Alertmanager
tells: the expected alert must come, no other one may, and all of them must be told to be over once the fault is. Prometheus
and Alertmanager are needed.

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
        const results = await withInterrupts((interrupts) => runAll(drills, options, interrupts));
        if (options.json) printJson(results.map(({ drill, ...rest }) => ({ name: drill.name, ...rest })));
        else printResults(results);
        return results.every(({ deviations }) => deviations.length === 0) ? 0 : 1;
      }),
    );
};

/** In the order of the list, whatever the order they were asked for in: the later ones need a longer history. */
function drillsCalled(names: readonly string[]): readonly DrillCase[] {
  const known = [...DRILLS.map(({ name }) => name), 'all'];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ReelstreamError('usage', `there is no drill ${unknown}${didYouMean(unknown, known)}`);
  }
  return names.includes('all') ? DRILLS : DRILLS.filter(({ name }) => names.includes(name));
}

async function runAll(
  drills: readonly DrillCase[],
  options: Options,
  { stop, broken }: Interrupts,
): Promise<DrillResult[]> {
  const progress = createProgress();
  const say = (line: string) => progress.done(line);
  const receiver = await openReceiver(() => systemClock.monotonicMs());
  try {
    const stack = await startDrillStack({ receiver, withoutAlert: options.without ?? null, stop, say });
    const prometheus = askPrometheus(stack.settings.REELSTREAM_PROMETHEUS_PORT);
    const parts: DrillParts = { stack, receiver, prometheus, clock: systemClock, stop, show: say };
    try {
      return await Promise.race([inTurn(drills, parts), broken]);
    } finally {
      await stack.stop();
    }
  } finally {
    await receiver.close();
  }
}

async function inTurn(drills: readonly DrillCase[], parts: DrillParts): Promise<DrillResult[]> {
  const results: DrillResult[] = [];
  for (const drill of drills) {
    const result = await runDrill(drill, parts);
    results.push(result);
    for (const deviation of result.deviations) parts.show(`${drill.name}: ${deviation}`);
  }
  return results;
}

function printResults(results: readonly DrillResult[]): void {
  const seconds = (value: number | null) => (value === null ? '-' : `${value.toFixed(1)} s`);
  printTable(
    ['drill', 'alert', 'told after', 'others', 'over after', 'told later', 'as expected'],
    results.map(({ drill, toldAfterSeconds, resolvedAfterSeconds, aftermath, deviations }) => [
      drill.name,
      drill.expected.map(({ alert }) => alert).join(', '),
      toldAfterSeconds.map(seconds).join(', '),
      deviations.some((text) => text.includes('was told:')) ? 'SPOKE' : 'silent',
      seconds(resolvedAfterSeconds),
      aftermath.length === 0 ? '-' : aftermath.join(', '),
      deviations.length === 0 ? 'yes' : 'NO',
    ]),
  );
  for (const { drill, deviations } of results) {
    for (const deviation of deviations) printLine(`${drill.name}: ${deviation}`);
  }
}
