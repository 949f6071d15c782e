import { join } from 'node:path';
import type { TargetData } from '../../console/drawing/data.ts';
import { toTable } from '../../console/drawing/table.ts';
import { readBoards } from '../../console/server/boards.ts';
import { FAULT_REASONS, type FaultReason } from '../../core/verdict.ts';
import { projectRoot } from '../../runtime/environment.ts';

export type FaultCounts = Readonly<Record<FaultReason, number>>;

/** The panel "Injected against caught" as an operator reads it, by reason. */
export interface FaultTable {
  readonly injected: Partial<FaultCounts>;
  readonly caught: Partial<FaultCounts>;
  readonly difference: Partial<FaultCounts>;
}

export const NO_FAULTS_LEFT = Object.fromEntries(FAULT_REASONS.map((reason) => [reason, 0]));

/**
 * Asks the console for the very query of the committed dashboard.
 * @param aheadSeconds reads it as it will be then, if nothing else happens: patience of the query without waiting for it
 */
export async function readFaultTable(consoleUrl: string, aheadSeconds = 0): Promise<FaultTable> {
  const board = readBoards(join(projectRoot, 'dashboards/generated/grafana')).board('reelstream-quality');
  const panel = board.panels.find(({ title }) => title === 'Injected against caught')!;
  const asked = new URLSearchParams({
    dashboard: board.uid,
    panel: String(panel.id),
    target: panel.targets![0]!.refId,
    from: 'now-10m',
    to: String(Date.now() + aheadSeconds * 1_000),
  });
  const answer = await fetch(`${consoleUrl}/console/data?${asked}`);
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  const { columns, rows } = toTable((await answer.json()) as TargetData, panel.transformations);
  const side = (name: string): Partial<FaultCounts> => {
    const at = columns.findIndex((column) => column.name === name);
    return Object.fromEntries(rows.map((row) => [row[0], row[at]]));
  };
  return { injected: side('injected'), caught: side('caught'), difference: side('difference') };
}
