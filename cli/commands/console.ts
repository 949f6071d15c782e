import { action, type Configure } from '../command.ts';
import { openConsole } from '../console/open-console.ts';
import { runFramed } from '../service-frame.ts';

const HELP = `
A web page on REELSTREAM_CONSOLE_PORT: the dashboards (the same files that Grafana is given), open alerts with their
runbooks, the named questions, and the recommendations of a user. It reads Prometheus, Alertmanager and ClickHouse, the
last as the read-only user where there is one, and hands ratings that are changed on its page to the REST API. Without
Prometheus or Alertmanager the rest works, and a line says what is missing.

Exit codes: 0 stopped by SIGINT or SIGTERM, 1 something unexpected, 2 wrong settings or the port is taken`;

export const configure: Configure = (command) => {
  command
    .description('dashboards, alerts, questions and recommendations on a web page')
    .addHelpText('after', HELP)
    .action(
      action((_options: object, settings) =>
        runFramed(
          settings,
          {
            name: 'console',
            port: settings.REELSTREAM_CONSOLE_PORT,
            metricNames: [],
            answersRequests: true,
          },
          async (frame) => openConsole(settings, frame),
        ),
      ),
    );
};
