import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK } from '../../embedded/supervisor/ports.ts';

/** One alert of one notification, as Alertmanager's web hook delivers it. */
export interface Told {
  readonly status: 'firing' | 'resolved';
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** when it arrived here, monotonic */
  readonly atMs: number;
}

/** Where the drill's Alertmanager calls: what an operator would be told, in order. */
export interface Receiver {
  readonly url: string;
  readonly heartbeatUrl: string;
  told(): readonly Told[];
  /** calls of the dead man's switch so far */
  heartbeats(): number;
  close(): Promise<void>;
}

interface Notification {
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

export async function openReceiver(monotonicMs: () => number): Promise<Receiver> {
  const told: Told[] = [];
  let heartbeats = 0;
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => {
        if (request.url === '/heartbeat') heartbeats++;
        else {
          for (const { status, labels, annotations } of (JSON.parse(body) as Notification).alerts) {
            const alert = labels.alertname ?? '';
            told.push({ status, alert, labels, summary: annotations.summary ?? '', atMs: monotonicMs() });
          }
        }
        response.writeHead(200).end();
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, resolve);
  });
  const url = `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;
  return {
    url: `${url}/alerts`,
    heartbeatUrl: `${url}/heartbeat`,
    told: () => told,
    heartbeats: () => heartbeats,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
  return body;
}
