import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../core/clock.ts';
import { PROFILES } from '../../../dashboards/rules/profile.ts';
import type { RuleGroup } from '../../../dashboards/rules/rule.ts';
import { ruleFile } from '../../../dashboards/rules/rule-file.ts';
import { findFreePorts, LOOPBACK } from '../../../embedded/supervisor/ports.ts';
import { type Supervisor, takeStack } from '../../../embedded/supervisor/supervisor.ts';
import { noEnvFile, readEnvironment } from '../../../runtime/environment.ts';
import { readSettings } from '../../../runtime/settings.ts';
import { closeAll } from '../close-all.ts';
import { askPrometheus, type PrometheusQuestions } from '../prometheus.ts';
import type { Receiver } from '../receiver.ts';
import { rulesWithout } from '../rules-but-one.ts';
import { backfill } from './backfill.ts';
import { openStoryExporter, type StoryExporter } from './exporter.ts';
import type { HistoryDrill, Moment } from './history-drill.ts';
import {
  alertmanagerSpec,
  EVERY_SECONDS,
  type HistoryPlaces,
  prometheusSpec,
  requirePrograms,
} from './history-specs.ts';
import { minuteAt, type Placement } from './openmetrics.ts';
import { pipelineSeries, STORY_JOBS, type StoryJob } from './pipeline-story.ts';
import { type CreateBlocks, createBlocksWith } from './promtool.ts';
import type { StorySeries } from './story-series.ts';

/** The story goes on while it is watched. */
const WATCHED_MINUTES = 30;

/** A moment of a story, ready to be looked at. */
export interface Prepared {
  readonly drill: HistoryDrill;
  readonly moment: Moment;
  readonly series: readonly StorySeries[];
  readonly placement: Placement;
  readonly dataFolder: string;
}

/** Prometheus and Alertmanager, and no pipeline: its services are one exporter. */
export interface HistoryStack {
  readonly prometheus: PrometheusQuestions;
  prepare(drill: HistoryDrill, moment: Moment): Promise<Prepared>;
  /** Prometheus is started anew over this past; Alertmanager goes on */
  watch(prepared: Prepared): Promise<void>;
  /** ends what is being prepared as well */
  stop(): Promise<void>;
}

export interface HistoryStackOptions {
  readonly receiver: Receiver;
  readonly withoutAlert: string | null;
  readonly stop: AbortSignal;
}

/** @throws ReelstreamError `unavailable` without the programs of the monitoring, `usage` when no alert has that name */
export async function startHistoryStack(options: HistoryStackOptions): Promise<HistoryStack> {
  const groups = rulesWithout(PROFILES.production, options.withoutAlert);
  const programs = requirePrograms();
  const home = mkdtempSync(join(tmpdir(), 'reelstream-drill-history-'));
  const closers: (() => unknown)[] = [() => rmSync(home, { recursive: true, force: true })];
  const over = new AbortController();
  const ended = AbortSignal.any([options.stop, over.signal]);
  const preparing = new Set<Promise<unknown>>();
  const stop = async () => {
    over.abort();
    await closeAll(closers);
  };
  try {
    const exporter = await openStoryExporter(() => systemClock.nowMs());
    closers.push(() => exporter.close());
    // their folder is removed next
    closers.push(() => Promise.allSettled(preparing));
    const environment = { ...readEnvironment(), ...noEnvFile };
    const onEvent = () => {};
    const purpose = 'supervise';
    const supervisor = await takeStack({ home, environment, purpose, signal: ended, onEvent });
    closers.push(() => supervisor.stop());
    const [alertmanager, prometheus, plain] = (await findFreePorts(3)) as [number, number, number];
    const parts: Parts = {
      ...{ home, programs, groups, exporter, supervisor, settings: readSettings({}) },
      ports: { alertmanager, prometheus, plain },
      createBlocks: createBlocksWith(programs.promtool, ended),
    };
    await supervisor.start([alertmanagerSpec(parts, options.receiver)]);
    return {
      prometheus: askPrometheus(prometheus),
      prepare(drill, moment) {
        const prepared = prepare(drill, moment, parts);
        preparing.add(prepared);
        const settled = () => void preparing.delete(prepared);
        prepared.then(settled, settled);
        return prepared;
      },
      watch: (prepared) => watch(prepared, parts),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Parts extends HistoryPlaces {
  readonly groups: readonly RuleGroup[];
  readonly exporter: StoryExporter;
  readonly supervisor: Supervisor;
  readonly createBlocks: CreateBlocks;
}

async function prepare(drill: HistoryDrill, moment: Moment, parts: Parts): Promise<Prepared> {
  const { home, exporter, supervisor, ports, groups, createBlocks, settings } = parts;
  const placement = { moment: drill.moments[moment], atMs: Math.floor(systemClock.nowMs() / 1_000) * 1_000 };
  const series = pipelineSeries(drill.story, placement.moment + WATCHED_MINUTES, settings);
  const past = { drill, moment, series, placement, instance: `${LOOPBACK}:${exporter.port}` };
  const folder = join(home, 'past', `${drill.name}-${moment}`);
  const plain = askPrometheus(ports.plain);
  const dataFolder = await backfill(past, folder, {
    groups,
    createBlocks,
    async withPrometheus(data, work) {
      const spec = prometheusSpec(parts, {
        name: 'plain',
        port: ports.plain,
        dataFolder: data,
        watches: null,
      });
      await supervisor.start([spec]);
      try {
        return await work({ url: `http://${LOOPBACK}:${ports.plain}`, ask: plain.range });
      } finally {
        await supervisor.stop(['plain']);
      }
    },
  });
  return { drill, moment, series, placement, dataFolder };
}

async function watch({ drill, series, placement, dataFolder }: Prepared, parts: Parts): Promise<void> {
  const { supervisor, exporter, home, groups, ports } = parts;
  const rules = join(home, 'rules.json');
  const file = ruleFile(PROFILES.production, groups);
  writeFileSync(
    rules,
    JSON.stringify({ groups: file.groups.map((group) => ({ ...group, interval: `${EVERY_SECONDS}s` })) }),
  );
  const minute = minuteAt(placement, systemClock.nowMs());
  const isScraped = (job: StoryJob) => drill.story.up?.[job]?.(minute) !== null;
  const watches = {
    rules,
    targets: [
      ...STORY_JOBS.filter(isScraped).map((job) => ({ job, port: exporter.port, path: `/${job}` })),
      { job: 'prometheus', port: ports.prometheus },
      { job: 'alertmanager', port: ports.alertmanager },
    ],
  };
  exporter.show({ series, placement });
  await supervisor.stop(['prometheus']);
  await supervisor.start([
    prometheusSpec(parts, { name: 'prometheus', port: ports.prometheus, dataFolder, watches }),
  ]);
}
