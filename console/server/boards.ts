import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DASHBOARD_UIDS } from '../../dashboards/dashboard-uids.ts';
import type { Dashboard, Panel, Target } from '../drawing/dashboard.ts';
import { Problem } from './problem.ts';

/** The dashboards as Grafana gets them: read once, for nothing changes them while a program runs. */
export interface Boards {
  readonly all: readonly Dashboard[];
  /** @throws Problem 404 */
  board(uid: string): Dashboard;
  /** @throws Problem 404 naming what is not there */
  target(uid: string, panelId: number, refId: string): { readonly panel: Panel; readonly target: Target };
}

export function readBoards(folder: string): Boards {
  const all = DASHBOARD_UIDS.map(
    (uid) => JSON.parse(readFileSync(join(folder, `${uid}.json`), 'utf8')) as Dashboard,
  );
  const board = (uid: string): Dashboard => {
    const found = all.find((one) => one.uid === uid);
    if (!found) throw new Problem(404, `there is no dashboard "${uid}"`, 'dashboard');
    return found;
  };
  return {
    all,
    board,
    target(uid, panelId, refId) {
      const panel = board(uid).panels.find(({ id, type }) => id === panelId && type !== 'row');
      if (!panel) throw new Problem(404, `the dashboard ${uid} has no panel ${panelId}`, 'panel');
      const target = panel.targets?.find((one) => one.refId === refId);
      if (!target) throw new Problem(404, `the panel "${panel.title}" has no query ${refId}`, 'target');
      return { panel, target };
    },
  };
}
