/// <reference lib="dom" />
import type { PanelView } from './panel.ts';

/** The panels of a dashboard: those in sight are asked for, the others when they come into it. */
export interface PanelCrowd {
  refresh(signal: AbortSignal): Promise<void>;
  redraw(): void;
  end(): void;
}

/** Fetched a little before they are seen. */
const MARGIN = '200px';

/** @param signal of the present round of requests */
export function watchPanels(views: readonly PanelView[], signal: () => AbortSignal): PanelCrowd {
  const viewOf = new Map<Element, PanelView>(views.map((view) => [view.element, view]));
  const inSight = new Set<PanelView>();
  const refresh = async (these: Iterable<PanelView>, round: AbortSignal) => {
    await Promise.all([...these].map((view) => view.refresh(round)));
  };
  const watcher = new IntersectionObserver(
    (entries) => {
      const fresh: PanelView[] = [];
      for (const { target, isIntersecting } of entries) {
        const view = viewOf.get(target)!;
        if (!isIntersecting) inSight.delete(view);
        else if (!inSight.has(view)) {
          inSight.add(view);
          fresh.push(view);
        }
      }
      void refresh(fresh, signal());
    },
    { rootMargin: MARGIN },
  );
  for (const { element } of views) watcher.observe(element);
  return {
    refresh: (round) => refresh(inSight, round),
    redraw() {
      for (const view of inSight) view.redraw();
    },
    end() {
      watcher.disconnect();
      for (const view of views) view.end();
    },
  };
}
