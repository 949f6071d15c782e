/// <reference lib="dom" />
import type { Tone } from '../drawing/thresholds.ts';

export const SERIES_COLOURS = 8;

/** Drawings on a canvas do not follow the style sheet by themselves: these are its colours as they are now. */
export function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The name of the colour for the line or bar at a place; they come round again after eight. */
export const seriesColour = (index: number): string => `series-${(index % SERIES_COLOURS) + 1}`;

/** For a value without a tone the first colour of lines stands. */
export const toneColour = (tone: Tone): string => (tone === 'plain' ? 'series-1' : tone);
