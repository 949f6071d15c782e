import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../runtime/environment.ts';
import { action, type Configure } from '../command.ts';
import { printSchedule } from '../produce/dry-run.ts';
import { planLoad } from '../produce/load-plan.ts';
import { simulationFromMoviesMatch } from '../produce/movies-match.ts';
import { addProduceOptions, type ProduceOptions } from '../produce/options.ts';
import { startProduce } from '../produce/start-produce.ts';
import { runFramed } from '../service-frame.ts';
import { PRODUCER_METRIC_NAMES } from '../service-metrics.ts';

export const configure: Configure = (command) => {
  command.description('send rating events: an open-loop load generator');
  addProduceOptions(command).action(
    action(async (options: ProduceOptions, settings) => {
      const simulation = simulationFromMoviesMatch(readEnvironment());
      if (options.dryRun) {
        await printSchedule(await planLoad(options, simulation, settings));
        return 0;
      }
      const started = String(Math.floor(systemClock.nowMs() / 1_000));
      const logLevel = simulation?.logLevel ?? settings.REELSTREAM_LOG_LEVEL;
      return runFramed(
        { ...settings, REELSTREAM_LOG_LEVEL: logLevel },
        {
          name: 'producer',
          port: settings.REELSTREAM_PRODUCER_METRICS_PORT,
          metricNames: PRODUCER_METRIC_NAMES,
          knownLabels: { topic: [settings.REELSTREAM_RATINGS_TOPIC], started: [] },
          controlPaths: ['/rate'],
          logDescriptor: 2,
        },
        (frame) => startProduce(options, simulation, settings, { ...frame, started }),
      );
    }),
  );
};
