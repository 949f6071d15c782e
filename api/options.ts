import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics-port.ts';
import type { EventGateway, FilmCatalogue, LiveModel, UserDirectory } from './ports.ts';

export interface ApiOptions {
  /** of the product, shown in the OpenAPI page */
  readonly version: string;
  /** recommendations and similar films when a request names no limit */
  readonly topN: number;
  /** explicit ratings a film needs before its average is shown */
  readonly ratingsForAverage: number;
  /** `movierec`: limits and ratings of lists as strings, `watched:` with its colon, timestamps as Python writes them */
  readonly compat: 'none' | 'movierec';
  /** `here`; or the address of who makes new users, or null where nobody said: then there is no making them */
  readonly newUsers: 'here' | { readonly primaryUrl: string | null };
  /** longest wait between Kafka's acknowledgement and the record being learned */
  readonly applyTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** empty: no key is asked for */
  readonly apiKey: string;
  /** origins that browsers may call from, `*` for all; empty: none */
  readonly corsOrigins: readonly string[];
  /** per client address; 0: no limit */
  readonly requestsPerMinute: number;
}

export interface ApiPorts {
  readonly model: LiveModel;
  readonly people: UserDirectory;
  readonly gateway: EventGateway;
  readonly films: FilmCatalogue;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** pages below /ui/: what a path there gives, or null */
  readonly page: (path: string) => Page | null;
}

export interface Page {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** What routes are built from. */
export interface ApiContext {
  readonly options: ApiOptions;
  readonly ports: ApiPorts;
}
