/// <reference lib="dom" />
import type { Step } from '../drawing/dashboard.ts';
import type { Range } from '../drawing/time-range.ts';
import type { Crosshair } from './crosshair.ts';

/** Something that held for a while: an alert. */
export interface Mark {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly title: string;
  readonly text: string;
}

/** One way to draw a panel's data, drawn again and again into the same element. */
export interface Drawing<T> {
  readonly element: HTMLElement;
  draw(data: T): void;
  end(): void;
}

export interface DrawTools {
  readonly title: string;
  readonly unit: string;
  readonly steps: readonly Step[];
  readonly crosshair: Crosshair;
  readonly range: () => Range;
  readonly marks: () => readonly Mark[];
  readonly onZoom: (fromSeconds: number, toSeconds: number) => void;
}
