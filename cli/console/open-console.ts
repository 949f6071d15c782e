import { join } from 'node:path';
import { readQuestions } from '../../clickhouse/questions.ts';
import { readBoards } from '../../console/server/boards.ts';
import { createConsole } from '../../console/server/create-console.ts';
import { readRunbooks } from '../../console/server/runbooks.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { isOwnHost } from '../../runtime/own-host.ts';
import type { Settings } from '../../runtime/settings.ts';
import { alertProfile } from '../alerting.ts';
import { connectReadOnly } from '../read-only.ts';
import { type Frame, type FramedService, projectVersion } from '../service-frame.ts';
import { questionsFolder } from '../wiring.ts';
import { consoleFiles } from './page-files.ts';
import { createQuestionDesk } from './question-desk.ts';

/** The console as a service. It has nothing to wait for: whatever is away is said on the page. */
export function openConsole(settings: Settings, { logger }: Frame): FramedService {
  const { clickhouse, limits } = connectReadOnly(settings);
  let end = () => {};
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  const hosts = settings.REELSTREAM_CONSOLE_HOSTS.split(',').map((host) => host.trim().toLowerCase());
  const handle = createConsole(
    {
      version: projectVersion(),
      scrapeSeconds: alertProfile(settings).scrapeIntervalSeconds,
      prometheusUrl: trimmed(settings.REELSTREAM_PROMETHEUS_URL),
      alertmanagerUrl: trimmed(settings.REELSTREAM_ALERTMANAGER_URL),
      recommenderUrl: trimmed(settings.REELSTREAM_RECOMMENDER_URL),
    },
    {
      boards: readBoards(join(projectRoot, 'dashboards/generated/grafana')),
      runbooks: readRunbooks(join(projectRoot, 'docs/runbook')),
      clickhouse: { clickhouse, limits },
      questions: createQuestionDesk(readQuestions(questionsFolder), clickhouse, limits),
      files: consoleFiles(),
      isOwnHost: (host) => isOwnHost(host) || hosts.includes(nameOf(host)),
      logger,
      nowMs: () => Date.now(),
    },
  );
  return {
    done,
    alive: () => true,
    notReady: () => [],
    status: () => ({}),
    handle,
    async stop() {
      end();
      await clickhouse.close();
    },
  };
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');
const nameOf = (host: string | undefined): string => (host ?? '').replace(/:\d+$/, '').toLowerCase();
