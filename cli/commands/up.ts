import type { StackPlan } from '../../embedded/stack-plan.ts';
import type { StackEvent } from '../../embedded/supervisor/stack-events.ts';
import { readStackStatus } from '../../embedded/supervisor/stack-status.ts';
import { takeStack } from '../../embedded/supervisor/supervisor.ts';
import { withInterrupts } from '../../runtime/interrupts.ts';
import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure } from '../command.ts';
import { requireOwnAddresses } from '../own-addresses.ts';
import { printJson, printLine } from '../print.ts';
import { describeStackEvent, stackHome, stackPlan, supervisorOptions } from '../stack.ts';
import { printStatus } from './status.ts';

interface Options {
  readonly json?: boolean;
}

export const configure: Configure = (command) => {
  command
    .description('start the embedded stack in the background; what runs already is left alone')
    .option('--json', 'print the state of every process as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 everything answers, 2 an address is of another server than this stack, ' +
        '3 a part could not be started (what was started is stopped again)',
    )
    .action(
      action(async ({ json }: Options, settings) => {
        requireOwnAddresses(settings);
        const plan = stackPlan(settings);
        await withInterrupts(({ stop }) => bringUp(settings, plan, stop));
        const processes = await readStackStatus(stackHome(settings), plan.specs);
        if (json) printJson({ home: stackHome(settings), processes });
        else {
          printStatus(processes);
          printLine('\nreelstream status shows it again, reelstream down stops it');
        }
        return 0;
      }),
    );
};

async function bringUp(settings: Settings, plan: StackPlan, stop: AbortSignal): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  for (const name of plan.missing) say(`${name}: not on this machine; the stack runs without it`);
  const onEvent = (event: StackEvent) => say(describeStackEvent(event));
  const stack = await takeStack(supervisorOptions(settings, 'change', onEvent, stop));
  try {
    await stack.start(plan.specs);
  } catch (error) {
    await stack.stop();
    throw error;
  }
  stack.detach();
}
