import type { Stopped } from '../../embedded/supervisor/leftovers.ts';
import { stopStack } from '../../embedded/supervisor/stop-stack.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { describeStackEvent, stackHome } from '../stack.ts';
import { hurriedEndDeadlineMs, orderlyEndDeadlineMs } from '../start/deadlines.ts';

interface Options {
  readonly json?: boolean;
}

export const configure: Configure = (command) => {
  command
    .description('stop the stack, whoever started it, and whatever a killed run left behind; data stays')
    .option('--json', 'print what was stopped as JSON')
    .addHelpText('after', '\nExit codes: 0 nothing runs any more, 3 a process could not be ended')
    .action(
      action(async ({ json }: Options, settings) => {
        const stopped: Stopped[] = [];
        await stopStack({
          home: stackHome(settings),
          orderlyDeadlineMs: orderlyEndDeadlineMs(settings),
          hurriedDeadlineMs: hurriedEndDeadlineMs(settings),
          onAsked: ({ pid }) =>
            process.stderr.write(`process ${pid} runs the stack: it was asked to drain and to stop\n`),
          onStopped(one) {
            stopped.push(one);
            if (!json) printLine(describeStackEvent({ kind: 'stopped', ...one }));
          },
        });
        if (json) printJson({ stopped });
        else if (stopped.length === 0) printLine('nothing was running');
        return 0;
      }),
    );
};
