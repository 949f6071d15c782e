import { Command } from 'commander';
import { type LoadPlan, planLoad } from '../../../cli/produce/load-plan.ts';
import { simulationFromMoviesMatch } from '../../../cli/produce/movies-match.ts';
import { addProduceOptions, type ProduceOptions } from '../../../cli/produce/options.ts';
import { readSettings } from '../../../runtime/settings.ts';

export function parseProduce(args: readonly string[]): ProduceOptions {
  const command = addProduceOptions(new Command('produce'))
    .exitOverride()
    .configureOutput({ writeErr() {} });
  return command.parse(args, { from: 'user' }).opts<ProduceOptions>();
}

/** What a command line and an environment ask for, as `produce` sees it. */
export function planOf(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<LoadPlan> {
  return planLoad(parseProduce(args), simulationFromMoviesMatch(environment), readSettings(environment));
}
