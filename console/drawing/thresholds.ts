import type { Step } from './dashboard.ts';

/** Names of the colours that the page knows; what a dashboard names otherwise is plain. */
export type Tone = 'green' | 'orange' | 'red' | 'blue' | 'plain';
const TONES: readonly string[] = ['green', 'orange', 'red', 'blue'];

/** The colour of the last step that the value reaches. */
export function toneOf(value: number, steps: readonly Step[] = []): Tone {
  let tone = 'plain';
  for (const step of steps) {
    if (step.value === null || value >= step.value) tone = step.color;
  }
  return TONES.includes(tone) ? (tone as Tone) : 'plain';
}

/** In words, for who does not see colours. */
export function toneInWords(tone: Tone): string {
  return { green: 'well', orange: 'watch', red: 'bad', blue: '', plain: '' }[tone];
}

/** Lines worth drawing across a chart: steps that have a value, of a colour that warns. */
export function warningLevels(steps: readonly Step[] = []): { value: number; tone: Tone }[] {
  return steps.flatMap(({ value, color }) =>
    value !== null && (color === 'red' || color === 'orange') ? [{ value, tone: color }] : [],
  );
}
