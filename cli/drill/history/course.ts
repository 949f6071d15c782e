/** A value as a function of the minute of a story; minute 0 is a Monday, 00:00 UTC. */
export type Course = (minute: number) => number;
/** The same of something that is not always there. */
export type Presence = (minute: number) => number | null;

export const HOUR = 60;
export const DAY = 24 * HOUR;

export const always =
  (value: number): Course =>
  () =>
    value;

/** `inside` from one minute up to, not including, another; before and after `outside`. */
export const between =
  (start: number, end: number, inside: number, outside: number): Course =>
  (minute) =>
    minute >= start && minute < end ? inside : outside;

/** What a rate per second has brought since minute 0. Rates hold for whole minutes. */
export function totalOf(perSecond: Course, endMinute: number): Course {
  const sums = new Float64Array(Math.ceil(endMinute) + 1);
  for (let minute = 1; minute < sums.length; minute += 1) {
    sums[minute] = sums[minute - 1]! + 60 * perSecond(minute - 1);
  }
  return (minute) => {
    const whole = Math.min(Math.floor(minute), sums.length - 1);
    return sums[whole]! + 60 * perSecond(whole) * (minute - whole);
  };
}

/** The same in whole events. */
export function countOf(perSecond: Course, endMinute: number): Course {
  const total = totalOf(perSecond, endMinute);
  return (minute) => Math.floor(total(minute));
}
