/** A length of time as production has it: `5m`. */
export type Span = `${number}${'s' | 'm' | 'h' | 'd'}`;

/** How fast the rules think. Every window, delay and time to act is a span of production divided by `faster`. */
export interface Profile {
  readonly name: 'production' | 'demo';
  readonly faster: number;
  readonly scrapeIntervalSeconds: number;
  /** an event that took longer than this to become durable is late; must be a bound of the delay histogram */
  readonly freshnessSeconds: number;
}

export const PROFILES: { readonly [N in Profile['name']]: Profile } = {
  production: { name: 'production', faster: 1, scrapeIntervalSeconds: 5, freshnessSeconds: 30 },
  // Minutes become seconds, so that a fault can be shown; a flush takes its two seconds all the same
  demo: { name: 'demo', faster: 60, scrapeIntervalSeconds: 1, freshnessSeconds: 8 },
};

/** Spans in one profile. */
export interface Windows {
  readonly profile: Profile;
  /** as PromQL writes it, at least a second */
  d(span: Span): string;
  /** in seconds, for arithmetic with rates */
  s(span: Span): number;
}

const UNIT_SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

export function windowsOf(profile: Profile): Windows {
  const s = (span: Span) =>
    (Number(span.slice(0, -1)) * UNIT_SECONDS[span.at(-1) as keyof typeof UNIT_SECONDS]) / profile.faster;
  return {
    profile,
    s,
    d: (span) => (profile.faster === 1 ? span : `${Math.max(1, Math.round(s(span)))}s`),
  };
}
