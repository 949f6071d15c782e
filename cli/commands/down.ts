import type { Stopped } from '../../embedded/supervisor/leftovers.ts';
import { stopStack } from '../../embedded/supervisor/stop-stack.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { describeStackEvent, stackHome } from '../stack.ts';

interface Options {
  readonly json?: boolean;
}

/** A foreground run drains its services one after the other before it stops the stack; each has this setting's time. */
const DRAINS = 3;

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
          supervisorDeadlineMs: DRAINS * settings.REELSTREAM_STOP_TIMEOUT_MS,
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
