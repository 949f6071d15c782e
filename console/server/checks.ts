import { parseTime, type Range } from '../drawing/time-range.ts';
import { Problem } from './problem.ts';

const MAX_TEXT = 200;
const LONGEST_RANGE_SECONDS = 400 * 86_400;
const MOST_POINTS = 2_000;
const USUAL_POINTS = 400;

/** The parameters of a request, of which none may be there twice but those that are lists. */
export class Query {
  readonly #given: URLSearchParams;

  constructor(given: URLSearchParams) {
    this.#given = given;
  }

  /** @throws Problem 400 naming the field */
  required(name: string): string {
    const text = this.optional(name);
    if (text === null || text === '') throw new Problem(400, `${name} is missing`, name);
    return text;
  }

  optional(name: string): string | null {
    const all = this.#given.getAll(name);
    if (all.length > 1) throw new Problem(400, `${name} stands ${all.length} times`, name);
    return all[0] === undefined ? null : checkedText(name, all[0]);
  }

  list(name: string): string[] {
    const all = this.#given.getAll(name);
    if (all.length > 100) throw new Problem(400, `${name} stands more than 100 times`, name);
    return all.map((text) => checkedText(name, text));
  }

  names(): string[] {
    return [...new Set(this.#given.keys())];
  }

  /** What nobody here reads is a slip of whoever wrote it. @throws Problem 400 naming the field */
  refuseOthers(known: readonly string[], prefix?: string): void {
    for (const name of this.names()) {
      if (known.includes(name) || (prefix && name.startsWith(prefix))) continue;
      throw new Problem(400, `${name.slice(0, MAX_TEXT)} is not known here`, name.slice(0, MAX_TEXT));
    }
  }

  /** @throws Problem 400 naming `from` or `to` */
  range(nowSeconds: number): Range {
    const read = (name: 'from' | 'to', standard: string) => {
      const text = this.optional(name) ?? standard;
      const seconds = parseTime(text, nowSeconds);
      if (seconds >= 0 && seconds < 4_294_967_295) return seconds;
      throw new Problem(400, `${name}: "${text}" is no time: write now-1h or 2026-01-31T12:00`, name);
    };
    const range = { fromSeconds: read('from', 'now-1h'), toSeconds: read('to', 'now') };
    if (range.fromSeconds >= range.toSeconds) throw new Problem(400, 'from must be before to', 'from');
    if (range.toSeconds - range.fromSeconds > LONGEST_RANGE_SECONDS)
      throw new Problem(400, 'at most 400 days can be looked at', 'from');
    return range;
  }

  /** How many points a line may have: what fits into its width. @throws Problem 400 */
  points(): number {
    return this.#integer('points', 10, MOST_POINTS) ?? USUAL_POINTS;
  }

  #integer(name: string, low: number, high: number): number | null {
    const text = this.optional(name);
    if (text === null) return null;
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= low && value <= high) return value;
    throw new Problem(400, `${name}: "${text}" is not a whole number from ${low} to ${high}`, name);
  }

  /** @throws Problem 400 where it is missing or none */
  panelId(): number {
    this.required('panel');
    return this.#integer('panel', 1, 10_000)!;
  }
}

function checkedText(name: string, text: string): string {
  if (text.length > MAX_TEXT) throw new Problem(400, `${name} is longer than ${MAX_TEXT} characters`, name);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come in
  if (/[\u0000-\u001f]/.test(text)) throw new Problem(400, `${name} holds a control character`, name);
  return text;
}
