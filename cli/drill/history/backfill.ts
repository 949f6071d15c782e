import { mkdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROFILES } from '../../../dashboards/rules/profile.ts';
import { isAlert, type RuleGroup } from '../../../dashboards/rules/rule.ts';
import { ruleFile } from '../../../dashboards/rules/rule-file.ts';
import type { PrometheusQuestions } from '../prometheus.ts';
import type { HistoryDrill, Moment } from './history-drill.ts';
import { openMetricsText, type Placement } from './openmetrics.ts';
import type { CreateBlocks } from './promtool.ts';
import { recordedLevels } from './recorded-levels.ts';
import type { StorySeries } from './story-series.ts';
import { waitingAlertsText } from './waiting-alerts.ts';

/** A Prometheus without targets and rules over a data folder, for as long as the work takes. */
export interface PlainPrometheus {
  readonly url: string;
  readonly ask: PrometheusQuestions['range'];
}
export type WithPrometheus = <T>(
  dataFolder: string,
  work: (prometheus: PlainPrometheus) => Promise<T>,
) => Promise<T>;

export interface BackfillParts {
  readonly createBlocks: CreateBlocks;
  readonly withPrometheus: WithPrometheus;
  readonly groups: readonly RuleGroup[];
}

export interface Past {
  readonly drill: HistoryDrill;
  readonly moment: Moment;
  readonly series: readonly StorySeries[];
  readonly placement: Placement;
  /** of the exporter that goes on with the story */
  readonly instance: string;
}

/**
 * Makes the data folder of a Prometheus that has seen the past of a story. Raw series are written down, everything else is
 * worked out by promtool and Prometheus from the shipped expressions: recorded series level by level, and since when each alert
 * has been true.
 * @throws ReelstreamError `unavailable`, `halted`
 */
export async function backfill(past: Past, folder: string, parts: BackfillParts): Promise<string> {
  const { createBlocks, withPrometheus, groups } = parts;
  const { drill, series, placement, instance } = past;
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder, { recursive: true });
  const endSeconds = placement.atMs / 1_000;
  const startSeconds = endSeconds - drill.past.spans[0]![0] * 60;
  const importText = async (name: string, text: string | Iterable<string>) => {
    const file = join(folder, name);
    await writeFile(file, text);
    await createBlocks(['openmetrics', file, dataFolder]);
    rmSync(file);
  };
  await importText('raw.txt', openMetricsText(series, placement, drill.past, instance));
  for (const [i, rules] of recordedLevels(groups).entries()) {
    const file = join(folder, `level-${i}.json`);
    const level = ruleFile(PROFILES.production, [{ name: `level-${i}`, rules }]);
    const interval = `${drill.past.stepSeconds}s`;
    await writeFile(file, JSON.stringify({ groups: level.groups.map((group) => ({ ...group, interval })) }));
    await withPrometheus(dataFolder, ({ url }) =>
      createBlocks([
        ...['rules', `--url=${url}`, `--output-dir=${dataFolder}`],
        ...[`--start=${startSeconds}`, `--end=${endSeconds}`, file],
      ]),
    );
  }
  const alerts = groups.flatMap(({ rules }) => rules).filter(isAlert);
  const waiting = await withPrometheus(dataFolder, ({ ask }) => waitingAlertsText(alerts, endSeconds, ask));
  if (waiting !== null) await importText('waiting.txt', waiting);
  return dataFolder;
}
