import { isWorking, type ProcessStatus, readStackStatus } from '../../embedded/supervisor/stack-status.ts';
import { action, type Configure } from '../command.ts';
import { printJson, printLine, printTable } from '../print.ts';
import { stackHome, stackPlan } from '../stack.ts';

interface Options {
  readonly json?: boolean;
}

export const configure: Configure = (command) => {
  command
    .description('what of the stack runs, where it listens and how much memory it takes')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExit codes: 0 every part that is needed answers, 1 one does not')
    .action(
      action(async ({ json }: Options, settings) => {
        const home = stackHome(settings);
        const processes = await readStackStatus(home, stackPlan(settings).specs);
        if (json) printJson({ home, processes });
        else printStatus(processes);
        return processes.every((one) => isWorking(one) || one.optional) ? 0 : 1;
      }),
    );
};

/** The table of `status` and of `up`. */
export function printStatus(processes: readonly ProcessStatus[]): void {
  const rows = processes.map((one) => [
    one.name,
    one.state,
    one.ports.map(({ port }) => port).join(', '),
    one.state === 'stopped' || one.state === 'died' ? null : String(one.pid),
    Math.round(one.residentBytes / 1e6),
    one.supervision,
    one.logFile,
  ]);
  printTable(['process', 'state', 'port', 'pid', 'MB', 'supervision', 'log'], rows);
  const totalMb = Math.round(processes.reduce((sum, one) => sum + one.residentBytes, 0) / 1e6);
  printLine(`\nmemory of all: ${totalMb} MB`);
  if (processes.some(({ supervision }) => supervision === 'lost')) {
    printLine('lost: whoever ran it was killed; reelstream down or the next start ends it');
  }
}
