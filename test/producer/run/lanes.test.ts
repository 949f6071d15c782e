import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Jitter } from '../../../core/schedule/arrivals.ts';
import { limitSchedule } from '../../../core/schedule/limit.ts';
import { parseProfile } from '../../../core/schedule/parse-profile.ts';
import { createSchedule } from '../../../core/schedule/schedule.ts';
import { createLiveSource } from '../../../producer/content/live-source.ts';
import { createInjector } from '../../../producer/faults/apply.ts';
import { createFaultCounts } from '../../../producer/faults/fault-counts.ts';
import { parseFaults } from '../../../producer/faults/parse-faults.ts';
import { createFaultPlan } from '../../../producer/faults/plan.ts';
import { mergeReports } from '../../../producer/measure/run-totals.ts';
import type { LoadReport } from '../../../producer/run/load-run.ts';
import { everything } from '../content/fixture.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { createWorld, RUN } from './world.ts';

const DURATION_MS = 2_000;
const FAULTS = [
  'late=3%:exp:1h',
  'reorder=3%:50ms',
  'duplicate=3%:2:10ms',
  'drop=3%',
  'domain=3%',
  'poison=3%:no_magic,unknown_schema,trailing',
  'key-skew=3%:2',
  'clock-skew=5%:-2h',
];

interface Shared {
  readonly seed: number;
  readonly rate: number;
  readonly first: number;
  readonly profile: string;
  readonly jitter: Jitter;
}

/** What a run sent and wrote down, in an order that does not depend on who sent it. */
interface Sent {
  readonly records: readonly string[];
  readonly faults: readonly string[];
  readonly report: LoadReport;
}

const model = { ...everything, referAfter: 200 };

async function runLane(shared: Shared, worker: number, workers: number): Promise<Sent> {
  const { seed, rate, first, profile, jitter } = shared;
  const world = createWorld();
  const ledger = createMemoryLedger();
  const schedule = createSchedule(parseProfile(profile), { eventsPerSecond: rate, jitter, seed });
  const done = world.start(
    { first, worker, workers, durationMs: DURATION_MS },
    {
      schedule: limitSchedule(schedule, { durationMs: DURATION_MS }),
      source: createLiveSource(model, seed),
      faults: createFaultPlan(parseFaults(FAULTS).specs, seed),
      inject: createInjector({ runId: RUN }),
      faultCounts: createFaultCounts(),
      ledger,
      resolvedBelow: () => Number.POSITIVE_INFINITY,
    },
  );
  await world.pass(DURATION_MS + 1_000, 20);
  const report = await done;
  return {
    records: world.writer.records.map(({ key, value, placement }) =>
      JSON.stringify([key, value.toString('latin1'), placement]),
    ),
    faults: ledger.faults.map((fault) => JSON.stringify(fault)),
    report,
  };
}

async function runAll(shared: Shared, workers: number): Promise<Sent> {
  const lanes: Sent[] = [];
  for (let worker = 0; worker < workers; worker++) lanes.push(await runLane(shared, worker, workers));
  return {
    records: lanes.flatMap(({ records }) => records).sort(),
    faults: lanes.flatMap(({ faults }) => faults).sort(),
    report: mergeReports(lanes.map(({ report }) => report)),
  };
}

describe('workers of one run', () => {
  it('send, however many they are, the events, faults and intended times of one', async () => {
    const shared = fc.record<Shared>({
      seed: fc.nat(),
      rate: fc.integer({ min: 100, max: 600 }),
      first: fc.integer({ min: 0, max: 1_000_000 }),
      profile: fc.constantFrom('constant', 'ramp:1s', 'burst:4:700ms:200ms', 'sine:1s:0.5'),
      jitter: fc.constantFrom('none', 'uniform', 'poisson'),
    });
    await fc.assert(
      fc.asyncProperty(shared, fc.integer({ min: 2, max: 5 }), async (one, workers) => {
        const alone = await runAll(one, 1);
        const together = await runAll(one, workers);
        expect(alone.report.generated).toBeGreaterThan(40);
        expect(together.records).toEqual(alone.records);
        expect(together.faults).toEqual(alone.faults);
        const { generated, keptBack, records, byLabel, measured } = alone.report;
        expect(together.report).toMatchObject({
          ...{ generated, keptBack, records, byLabel },
          measured: { due: measured.due, acknowledged: measured.acknowledged },
        });
      }),
      { numRuns: 8 },
    );
  }, 60_000);
});
