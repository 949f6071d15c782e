import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK } from '../../../embedded/supervisor/ports.ts';
import { exposition, minuteAt, type Placement } from './openmetrics.ts';
import type { StorySeries } from './story-series.ts';

/** A story that goes on. */
export interface Stage {
  readonly series: readonly StorySeries[];
  readonly placement: Placement;
}

/** Every service of a story on one port, each under its name: what was back-filled goes on as a scrape. */
export interface StoryExporter {
  readonly port: number;
  show(stage: Stage): void;
  close(): Promise<void>;
}

export async function openStoryExporter(nowMs: () => number): Promise<StoryExporter> {
  let stage: Stage | null = null;
  const server = createServer((request, response) => {
    const job = request.url?.slice(1) ?? '';
    const text = stage && tell(stage, job, nowMs());
    if (text === null) response.writeHead(503).end();
    else response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    show(next) {
      stage = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Null for a service that is down. */
function tell({ series, placement }: Stage, job: string, wallMs: number): string | null {
  const up = series.find((one) => one.metric === 'up' && one.job === job);
  return up?.at(minuteAt(placement, wallMs)) === 1 ? exposition(series, job, placement, wallMs) : null;
}
