/** Labels of a time axis in UTC: as fine as the distance between them needs, with the day where it begins. */
export function tickTexts(seconds: readonly number[]): string[] {
  const step = seconds.length > 1 ? seconds[1]! - seconds[0]! : 60;
  return seconds.map((time) => {
    const text = new Date(time * 1_000).toISOString();
    if (step >= 86_400) return text.slice(5, 10);
    if (time % 86_400 === 0) return text.slice(5, 10);
    return step < 60 ? text.slice(11, 19) : text.slice(11, 16);
  });
}

const STEPS = [1, 5, 10, 15, 30, 60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400];

/** Round times within a span, at most so many. */
export function ticksWithin(fromSeconds: number, toSeconds: number, most: number): number[] {
  const span = toSeconds - fromSeconds;
  const step = STEPS.find((one) => span / one <= most) ?? Math.ceil(span / most / 86_400) * 86_400;
  const ticks: number[] = [];
  for (let time = Math.ceil(fromSeconds / step) * step; time <= toSeconds; time += step) ticks.push(time);
  return ticks;
}
