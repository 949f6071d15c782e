import { z } from 'zod';

/** One setting: how its text is read, its default, what it means. Units stand in the name. */
export interface SettingSpec<T = unknown> {
  readonly schema: z.ZodType<T>;
  /** `{NAME}` in it stands for the value of that setting */
  readonly default: string;
  readonly help: string;
  readonly range: string;
  /** never printed, never logged */
  readonly secret: boolean;
}

/** the largest id of Avro's int */
export const MAX_ID = 2 ** 31 - 1;

export const integer = (fallback: number, min: number, max: number, help: string): SettingSpec<number> => ({
  schema: z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be from ${min} to ${max}`),
  default: String(fallback),
  help,
  range: `${min} to ${max}`,
  secret: false,
});
export const decimal = (fallback: string, min: number, max: number, help: string): SettingSpec<number> => ({
  schema: z
    .string()
    .regex(/^-?(\d+\.?\d*|\.\d+)$/, 'must be a number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be from ${min} to ${max}`),
  default: fallback,
  help,
  range: `${min} to ${max}`,
  secret: false,
});
export const port = (fallback: number, help: string): SettingSpec<number> =>
  integer(fallback, 1, 65_535, help);
export const text = (fallback: string, help: string): SettingSpec<string> => ({
  schema: z.string(),
  default: fallback,
  help,
  range: 'text',
  secret: false,
});
export const named = (fallback: string, help: string): SettingSpec<string> => ({
  ...text(fallback, help),
  schema: z.string().min(1, 'must not be empty'),
});
export const secret = (help: string): SettingSpec<string> => ({ ...text('', help), secret: true });
export const url = (fallback: string, help: string): SettingSpec<string> => ({
  ...text(fallback, help),
  schema: z
    .string()
    .refine((value) => URL.canParse(value) && /^https?:/.test(value), 'must be an http(s) address')
    .refine(
      // Addresses are shown and logged
      (value) => !/[@?#]/.test(value),
      'must be without user, password and query: these have settings of their own',
    ),
  range: 'http(s) address',
});
export const optionalUrl = (help: string): SettingSpec<string> => {
  const whole = url('', help);
  return { ...whole, schema: z.union([z.literal(''), whole.schema]), range: 'http(s) address or empty' };
};
export const choice = <const T extends readonly [string, ...string[]]>(
  values: T,
  fallback: T[number],
  help: string,
): SettingSpec<T[number]> => ({
  schema: z.enum(values),
  default: fallback,
  help,
  range: values.join(', '),
  secret: false,
});
export const flag = (fallback: boolean, help: string): SettingSpec<boolean> => ({
  schema: z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true'),
  default: String(fallback),
  help,
  range: 'true, false',
  secret: false,
});
export const list = (fallback: string, help: string): SettingSpec<string[]> => ({
  schema: z
    .string()
    .transform((value) => value.split(',').map((item) => item.trim()))
    .refine(
      (items) => items.every((item) => item.length > 0),
      'must be a list separated by commas, without empty items',
    ),
  default: fallback,
  help,
  range: 'list separated by commas',
  secret: false,
});

export const hostsAndPorts = (fallback: string, help: string): SettingSpec<string[]> => {
  const items = list(fallback, help);
  return {
    ...items,
    schema: items.schema.refine(
      (hosts) => hosts.every((host) => /^[^\s/@]+:\d+$/.test(host)),
      'must be a list of host:port separated by commas',
    ),
    range: 'host:port, separated by commas',
  };
};
