/// <reference lib="dom" />
import type { Tone } from '../drawing/thresholds.ts';

export const SERIES_COLOURS = 8;

const probe = document.createElement('span');

/** Drawings on a canvas do not follow the style sheet by themselves: this is one of its colours as it is now, light or dark. */
export function colourOf(name: string, opacity = 1): string {
  if (!probe.isConnected) {
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.setProperty('color', `var(--${name})`);
  const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g) ?? [0, 0, 0];
  return `rgb(${red} ${green} ${blue} / ${opacity})`;
}

/** The name of the colour for the line or bar at a place; they come round again after eight. */
export const seriesColour = (index: number): string => `series-${(index % SERIES_COLOURS) + 1}`;

/** For a value without a tone the first colour of lines stands. */
export const toneColour = (tone: Tone): string => (tone === 'plain' ? 'series-1' : tone);
