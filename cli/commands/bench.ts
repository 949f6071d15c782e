import { benchSink } from '../../bench/sink.ts';
import { action, type Configure, parseInteger } from '../command.ts';
import { printJson, printTable } from '../print.ts';

interface Options {
  readonly events: number;
  readonly json?: boolean;
}

const HELP = `
sink   events already in Kafka -> events_raw and every aggregate: rate, and CPU per event of sink, engine and broker

Everything runs on this machine in a temporary folder. Figures depend on the machine: compare within one run.`;

export const configure: Configure = (command) => {
  command
    .command('sink')
    .description('rate and CPU of the sink with all aggregates')
    .option('--events <n>', 'events to work off', parseInteger('--events', 1_000, 100_000_000), 2_000_000)
    .option('--json', 'print the result as JSON')
    .exitOverride()
    .action(
      action(async ({ events, json }: Options) => {
        const result = await benchSink(events, (line) => process.stderr.write(`${line}\n`));
        if (json) printJson(result);
        else {
          printTable(
            ['what', 'value'],
            [
              ['events', result.events],
              ['seconds', result.seconds],
              ['events per second', Math.round(result.eventsPerSecond)],
              ['CPU per event, sink (us)', result.cpuMicros.sink],
              ['CPU per event, engine (us)', result.cpuMicros.engine],
              ['CPU per event, broker (us)', result.cpuMicros.broker],
            ],
          );
        }
        return 0;
      }),
    );
  command.addHelpText('after', HELP);
};
