import type { TargetData } from '../../console/drawing/data.ts';
import { readBoards } from '../../console/server/boards.ts';

/** One query of one panel, by the words that people know it by. */
export interface PanelQuery {
  /** `Overview / Delay / A` */
  readonly name: string;
  readonly dashboard: string;
  readonly panel: number;
  readonly target: string;
}

export function everyQuery(folder: string): PanelQuery[] {
  return readBoards(folder).all.flatMap(({ uid, title, panels }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ refId }) => ({
        name: `${title} / ${panel.title} / ${refId}`,
        dashboard: uid,
        panel: panel.id,
        target: refId,
      })),
    ),
  );
}

/** Asks the console for it. Null when something came back, else what was there instead. */
export async function emptiness(consoleUrl: string, query: PanelQuery, from: string): Promise<string | null> {
  const { dashboard, panel, target } = query;
  const asked = new URLSearchParams({ dashboard, panel: String(panel), target, from, to: 'now' });
  const answer = await fetch(`${consoleUrl}/console/data?${asked}`);
  const body = (await answer.json()) as TargetData & { detail?: string };
  if (!answer.ok) return `${answer.status}: ${body.detail}`;
  if (body.kind === 'table') return body.rows.length > 0 ? null : 'no rows';
  if (body.series.length === 0) return 'no series';
  return body.series.some(({ values }) => values.some((value) => value !== null)) ? null : 'no figure';
}
