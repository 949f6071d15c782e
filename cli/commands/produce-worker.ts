import { action, type Configure } from '../command.ts';
import { runWorker } from '../produce/worker-process.ts';

export const configure: Configure = (command) => {
  command
    .description('one process of produce --workers; it is started by that and takes its orders from it')
    .action(action((_: object, settings) => runWorker(settings)));
};
