import { randomBytes } from 'node:crypto';
import { systemClock } from '../../core/clock.ts';
import { createPartitionWriter } from '../../kafka/partition-writer.ts';
import { SIZED_TABLES } from '../../reconciler/read-table-bytes.ts';
import { Reconciler } from '../../reconciler/reconciler.ts';
import type { Settings } from '../../runtime/settings.ts';
import { RATING_EVENT } from '../../schemas/contracts.ts';
import { createRatingEncoder } from '../../schemas/rating-codec.ts';
import { action, type Configure } from '../command.ts';
import { fileChecksFrom, reconcilerOptionsFrom } from '../reconciler/options.ts';
import { createTold } from '../reconciler/told-positions.ts';
import { type Frame, type FramedService, runFramed } from '../service-frame.ts';
import { RECONCILER_SERVICE_METRICS } from '../service-metrics.ts';
import { clickHouseFrom, kafkaAdminFrom, kafkaConnectionFrom, registryFrom } from '../wiring.ts';

const CLIENT_ID = 'reelstream-reconciler';
const STOP_MARGIN_MS = 1_000;

const HELP = `
Looks at Kafka and ClickHouse from outside, so that a reader that is gone still has a lag: end of the log and position of
every group; records of the log against rows of the tables over the same offsets; rows of closed hours and days; the
row-count checks (reelstream check). Every few seconds it puts a canary event into each partition, which every reader
counts and drops, and looks for the newest one in ClickHouse: freshness when nothing else flows.

Each measure has its own rhythm and deadline; one that fails is counted, named on /readyz, and stops no other. It keeps no
state. A group that you stop on purpose is left alone after
  curl -X PUT -H 'Content-Type: application/json' -d '{"group": "reelstream-sink", "expected": false}' \\
    http://127.0.0.1:9404/expected

Exit codes: 0 stopped by SIGINT or SIGTERM, 1 something unexpected, 2 wrong settings or a wrong file of checks`;

export const configure: Configure = (command) => {
  command
    .description('looks from outside: lag, source against sink, row counts, canaries, checks')
    .addHelpText('after', HELP)
    .action(
      action((_options: object, settings) =>
        runFramed(
          settings,
          {
            name: 'reconciler',
            port: settings.REELSTREAM_RECONCILER_METRICS_PORT,
            metricNames: RECONCILER_SERVICE_METRICS,
            knownLabels: {
              topic: [settings.REELSTREAM_RATINGS_TOPIC],
              group: settings.REELSTREAM_RECONCILER_GROUPS,
              table: SIZED_TABLES,
            },
            controlPaths: ['/expected'],
          },
          (frame) => startReconciler(settings, frame),
        ),
      ),
    );
};

/** Nothing has to be there: what is away is said by the measures, which go on trying. */
async function startReconciler(settings: Settings, { logger, metrics }: Frame): Promise<FramedService> {
  const options = reconcilerOptionsFrom(settings);
  const fileChecks = fileChecksFrom(settings);
  const clickhouse = clickHouseFrom(settings, { requestTimeoutMs: options.deadlineMs });
  const admin = kafkaAdminFrom(settings, CLIENT_ID);
  const writer = createPartitionWriter(kafkaConnectionFrom(settings, CLIENT_ID), options.topic, logger);
  const registry = registryFrom(settings, metrics);
  let encoder: ReturnType<typeof createRatingEncoder> | null = null;
  const reconciler = new Reconciler(options, {
    clickhouse,
    admin,
    writer,
    async encode(event) {
      encoder ??= createRatingEncoder(await registry.register(RATING_EVENT));
      return encoder(event);
    },
    newEventId: () => randomBytes(16),
    told: createTold(settings),
    fileChecks,
    metrics,
    logger,
    clock: systemClock,
  });
  reconciler.start();
  let end = () => {};
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    done,
    async stop() {
      const stopped = reconciler.stop();
      // what hangs is cut off by closing its connections
      await Promise.race([stopped, systemClock.sleep(STOP_MARGIN_MS)]);
      await Promise.allSettled([writer.close(), clickhouse.close(), admin.close()]);
      await stopped;
      end();
    },
    alive: () => true,
    notReady: () => reconciler.notReady(),
    status: () => reconciler.status(),
    controls: { '/expected': (body) => reconciler.expect(body) },
  };
}
