import type { Environment } from '../../runtime/settings.ts';

/** Ports that a stack of its own needs. */
const PORTS = [
  'REELSTREAM_KAFKA_PORT',
  'REELSTREAM_KAFKA_CONTROLLER_PORT',
  'REELSTREAM_REGISTRY_PORT',
  'REELSTREAM_CLICKHOUSE_PORT',
  'REELSTREAM_PROMETHEUS_PORT',
  'REELSTREAM_ALERTMANAGER_PORT',
  'REELSTREAM_SINK_METRICS_PORT',
  'REELSTREAM_PRODUCER_METRICS_PORT',
  'REELSTREAM_RECOMMENDER_PORT',
  'REELSTREAM_RECONCILER_METRICS_PORT',
] as const;
export const DRILL_PORTS = PORTS.length;

/** Events per second: enough for every guard that wants a few hundred in its window, and little for the machine. */
export const DRILL_RATE = 150;

export interface DrillPlaces {
  readonly home: string;
  readonly ports: readonly number[];
  readonly webhookUrl: string;
  readonly heartbeatUrl: string;
}

/** Settings of the drill's own stack: the demo profile, whose minutes are seconds, and a reconciler that is as quick. */
export function drillEnvironment({ home, ports, webhookUrl, heartbeatUrl }: DrillPlaces): Environment {
  return {
    REELSTREAM_HOME: home,
    ...Object.fromEntries(PORTS.map((name, i) => [name, String(ports[i])])),
    REELSTREAM_LOG_LEVEL: 'info',
    REELSTREAM_ALERT_PROFILE: 'demo',
    REELSTREAM_ALERT_WEBHOOK_URL: webhookUrl,
    REELSTREAM_ALERT_HEARTBEAT_URL: heartbeatUrl,
    REELSTREAM_RECONCILER_LAG_INTERVAL_MS: '500',
    REELSTREAM_RECONCILER_INTERVAL_MS: '3000',
    REELSTREAM_RECONCILER_CANARY_INTERVAL_MS: '1000',
    REELSTREAM_RECONCILER_CHECKS_INTERVAL_MS: '5000',
    REELSTREAM_RECONCILER_DEADLINE_MS: '5000',
    // A sink that can be made too slow without a load that would make the whole machine slow
    REELSTREAM_SINK_MAX_BATCH_ROWS: '1000',
  };
}
