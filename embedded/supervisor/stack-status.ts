import { isAlive } from './process-identity.ts';
import type { PortClaim, ProcessSpec } from './process-spec.ts';
import { readResidentBytes } from './resource-use.ts';
import { type RunRecord, readRunRecords } from './run-record.ts';

/**
 * `ready`: does its work. `running`: lives, but does not answer (yet), or nobody knows how to ask it. `died`: was started and is
 * gone without having been stopped. `stopped`: not started.
 */
export type ProcessState = 'ready' | 'running' | 'died' | 'stopped';

export interface ProcessStatus {
  readonly name: string;
  readonly state: ProcessState;
  /** part of the plan; any other was started beside it, and only whoever runs it knows how to ask it */
  readonly planned: boolean;
  readonly optional: boolean;
  readonly pid: number | null;
  readonly startedAtMs: number | null;
  readonly residentBytes: number;
  readonly ports: readonly PortClaim[];
  readonly logFile: string | null;
  /** `lost`: its supervisor was killed; the next `up` or `down` ends it */
  readonly supervision: 'background' | 'foreground' | 'lost' | null;
}

/** Does its work, as far as can be told: a service of a foreground run while it lives, for its supervisor watches it. */
export function isWorking({ state, planned, supervision }: ProcessStatus): boolean {
  return state === 'ready' || (state === 'running' && !planned && supervision === 'foreground');
}

/** The state of every process of the plan, and of every other one that is on record in the stack's folder. */
export async function readStackStatus(home: string, specs: readonly ProcessSpec[]): Promise<ProcessStatus[]> {
  const records = new Map(readRunRecords(home).map((record) => [record.name, record]));
  const residentBytes = readResidentBytes([...records.values()].filter(isAlive).map(({ pid }) => pid));
  const names = new Set([...specs.map((spec) => spec.name), ...records.keys()]);
  return Promise.all(
    [...names].map(async (name) => {
      const spec = specs.find((candidate) => candidate.name === name);
      const record = records.get(name);
      return {
        name,
        state: await stateOf(spec, record),
        planned: spec !== undefined,
        optional: spec?.optional ?? false,
        pid: record?.pid ?? null,
        startedAtMs: record?.startedAtMs ?? null,
        residentBytes: (record && residentBytes.get(record.pid)) ?? 0,
        ports: record?.ports ?? spec?.ports ?? [],
        logFile: record?.logFile ?? null,
        supervision: supervisionOf(record),
      };
    }),
  );
}

async function stateOf(spec: ProcessSpec | undefined, record: RunRecord | undefined): Promise<ProcessState> {
  if (!record) return 'stopped';
  if (!isAlive(record)) return 'died';
  const isReady = (await spec?.isReady().catch(() => false)) ?? false;
  return isReady ? 'ready' : 'running';
}

function supervisionOf(record: RunRecord | undefined): ProcessStatus['supervision'] {
  if (!record || !isAlive(record)) return null;
  if (record.supervisor === null) return 'background';
  return isAlive(record.supervisor) ? 'foreground' : 'lost';
}
