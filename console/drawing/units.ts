import type { ValueMapping, Words } from './dashboard.ts';

const THOUSANDS = ['', ' k', ' M', ' bn', ' tn'] as const;
const KIBI = [' B', ' KiB', ' MiB', ' GiB', ' TiB'] as const;
const TIMES: readonly (readonly [upToSeconds: number, seconds: number, unit: string])[] = [
  [0.001, 0.000001, ' µs'],
  [1, 0.001, ' ms'],
  [120, 1, ' s'],
  [7_200, 60, ' min'],
  [172_800, 3_600, ' h'],
  [Number.POSITIVE_INFINITY, 86_400, ' d'],
];

/** A value as a person reads it, by the id that Grafana has for its unit; a unit that is not known stays a bare number. */
export function formatValue(value: number, unit = 'none'): string {
  switch (unit) {
    case 'short':
      return scaled(value, 1_000, THOUSANDS);
    case 'cps':
    case 'ops':
    case 'reqps':
      return `${scaled(value, 1_000, THOUSANDS)}/s`;
    case 'percentunit':
      return `${digits(value * 100)} %`;
    case 'percent':
      return `${digits(value)} %`;
    case 's':
      return seconds(value);
    case 'bytes':
      return scaled(value, 1_024, KIBI);
    case 'currencyUSD':
      return `${value < 0 ? '−' : ''}$${scaled(Math.abs(value), 1_000, THOUSANDS)}`;
    case 'bool':
      return value === 0 ? 'no' : 'yes';
    default:
      return digits(value);
  }
}

/** The words of a mapping that covers the value; null where none does. */
export function mappedWords(value: number, mappings: readonly ValueMapping[] = []): Words | null {
  for (const mapping of mappings) {
    if (mapping.type === 'value') {
      const words = mapping.options[String(value)];
      if (words) return words;
    } else {
      const { from, to, result } = mapping.options;
      if (value >= (from ?? Number.NEGATIVE_INFINITY) && value <= (to ?? Number.POSITIVE_INFINITY))
        return result;
    }
  }
  return null;
}

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  const [, unitSeconds, unit] = TIMES.find(([upTo]) => size < upTo)!;
  return `${digits(value / unitSeconds)}${unit}`;
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let step = 0;
  let rest = value;
  // what would be rounded up to the next step belongs to it
  while (Math.abs(rest) >= base * 0.9995 && step < units.length - 1) {
    rest /= base;
    step++;
  }
  return `${digits(rest)}${units[step]}`;
}

/** Three figures that count, no zeros behind the point. */
function digits(value: number): string {
  const size = Math.abs(value);
  const decimals = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const text = Number(value.toFixed(decimals));
  if (text === 0 && value !== 0) return value.toPrecision(2).replace('-', '−');
  // -0 is 0, and a minus is a minus; four figures stay together, for they may be a year
  return (text === 0 ? 0 : text)
    .toLocaleString('en-US', { maximumFractionDigits: 3, useGrouping: 'min2' })
    .replace('-', '−');
}
