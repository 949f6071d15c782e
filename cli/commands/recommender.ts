import { API_LABELS, API_METRIC_NAMES } from '../../api/http/measure.ts';
import { LEARNER_METRICS } from '../../consumers/learner/learner-metrics.ts';
import { action, type Configure } from '../command.ts';
import { withApi } from '../recommender/open-api.ts';
import { groupOf, openRecommender } from '../recommender/open-recommender.ts';
import { runFramed } from '../service-frame.ts';

interface Options {
  readonly fromStart?: boolean;
}

const HELP = `
Reads every partition of the ratings topic, judges each record as the sink does and learns from those that count. The state
lies in REELSTREAM_HOME/recommender/<instance>: a snapshot every few minutes, and a journal of the order in which runs of
the log were learned. A restart, also after SIGKILL, follows the journal and has the same state again, bit for bit.
Kafka's committed offsets (group reelstream-recommender-<instance>) only show lag.

On REELSTREAM_RECOMMENDER_PORT it answers the REST API below /api/v1 (docs/api.md; /docs shows and tries every call,
/openapi.json describes them), besides /metrics, /healthz, /readyz and /status.

It does not start when the log no longer holds what comes behind the snapshot, when the topic was re-created, or when the
model's settings are not those that the state was learned with: --from-start forgets the state and learns from the log as
it is.

Exit codes: 0 stopped by SIGINT or SIGTERM, 1 the log or the state cannot be gone on from, or something unexpected,
2 wrong settings, or another process is this instance, 3 Kafka was away at the start`;

export const configure: Configure = (command) => {
  command
    .description('learns from the ratings topic as it comes, and answers from what it has learned')
    .option('--from-start', 'forget what was learned and begin at the start of the log')
    .addHelpText('after', HELP)
    .action(
      action((options: Options, settings) =>
        runFramed(
          settings,
          {
            name: 'recommender',
            port: settings.REELSTREAM_RECOMMENDER_PORT,
            metricNames: [...LEARNER_METRICS, ...API_METRIC_NAMES],
            answersRequests: true,
            knownLabels: {
              ...API_LABELS,
              topic: [settings.REELSTREAM_RATINGS_TOPIC],
              group: [groupOf(settings)],
              model: [settings.REELSTREAM_RECOMMENDER_ENGINE],
            },
          },
          async (frame) => {
            const choices = { fromStart: options.fromStart === true };
            return withApi(await openRecommender(choices, settings, frame), settings, frame);
          },
        ),
      ),
    );
};
