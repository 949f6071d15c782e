import type { Option } from 'commander';
import type { BenchTools } from '../../bench/bench-stack.ts';
import type { Cell } from '../print.ts';
import { prepareStores } from '../start/prepare.ts';
import { sinkSpec } from '../start/services.ts';
import { clickHouseFrom, kafkaAdminFrom, topicsFrom } from '../wiring.ts';

export interface BenchOptions {
  readonly events: number;
  /** of benches that say so */
  readonly python?: string;
  readonly json?: boolean;
}

export interface Bench<Result extends object> {
  readonly name: string;
  readonly summary: string;
  /** how many it takes unless --events says so */
  readonly events?: number;
  /** options of its own */
  readonly options?: readonly Option[];
  readonly run: (events: number, options: BenchOptions) => Promise<Result>;
  readonly rows: (result: Result) => [string, Cell][];
}

export const benchTools: BenchTools = {
  environment: process.env,
  say: (line) => void process.stderr.write(`${line}\n`),
  clickHouseFrom,
  kafkaAdminFrom,
  prepareStores,
  prepareTopics: async (settings, admin) => admin.ensureTopics(topicsFrom(settings)),
  sinkSpec,
};
