import { readStackStatus } from '../../embedded/supervisor/stack-status.ts';
import { takeStack } from '../../embedded/supervisor/supervisor.ts';
import { action, type Configure } from '../command.ts';
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
      '\nExit codes: 0 everything answers, 3 a part could not be started (what was started is stopped again)',
    )
    .action(
      action(async ({ json }: Options, settings) => {
        const say = (line: string) => process.stderr.write(`${line}\n`);
        const interrupt = new AbortController();
        const onSignal = () => interrupt.abort();
        process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
        const plan = stackPlan(settings);
        for (const name of plan.missing) say(`${name}: not on this machine; the stack runs without it`);
        const stack = await takeStack(
          supervisorOptions(settings, 'change', (event) => say(describeStackEvent(event)), interrupt.signal),
        );
        try {
          await stack.start(plan.specs);
        } catch (error) {
          await stack.stop();
          throw error;
        }
        stack.detach();
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
