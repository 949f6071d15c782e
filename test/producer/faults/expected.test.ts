import { describe, expect, it } from 'vitest';
import { createDedupeWindow } from '../../../core/dedupe-window.ts';
import { createJudge } from '../../../core/judge.ts';
import { reasonOf } from '../../../core/verdict.ts';
import { expectedOf, FAULT_LABELS, mustBeMarkedLate } from '../../../producer/faults/expected.ts';
import { DOMAIN_FORMS, labelOf, POISON_FORMS, plainFault } from '../../../producer/faults/fault.ts';
import { parseFaults } from '../../../producer/faults/parse-faults.ts';
import { UNKNOWN_SCHEMA_ID } from '../../../producer/faults/poison.ts';
import { createSwitchedEncoder, SWITCHED_RATING_EVENT } from '../../../producer/faults/schema-switch.ts';
import { RATING_EVENT } from '../../../schemas/contracts.ts';
import { createRatingDecoder, createRatingEncoder } from '../../../schemas/rating-codec.ts';
import { intendedTsMs, type Played, playSpecs, SCHEMA_ID } from './faulty-run.ts';

const SWITCHED_SCHEMA_ID = 8;
const ALLOWED_LATENESS_MS = 3_600_000;
/** from intended time to the log */
const ON_ITS_WAY_MS = [0, 20, 240_000];

/** As a sink decodes once it has asked the registry. */
function createSinkDecoder() {
  const decoder = createRatingDecoder();
  decoder.learn(SCHEMA_ID, RATING_EVENT.schema);
  decoder.learn(SWITCHED_SCHEMA_ID, SWITCHED_RATING_EVENT.schema);
  decoder.learnUnknown(UNKNOWN_SCHEMA_ID);
  return decoder;
}

/** What the real decoder and the real judge make of each record of a run, in the order of the log. */
function judged(run: readonly Played[], onItsWayMs: number) {
  const judge = createJudge({ decode: createSinkDecoder().decode, allowedLatenessMs: ALLOWED_LATENESS_MS });
  const window = createDedupeWindow();
  const sent = run.flatMap(({ n, fault, emissions }) =>
    emissions.map((emission, copy) => ({
      n,
      fault,
      copy,
      ...emission,
      atMs: intendedTsMs(n) + emission.delayMs,
    })),
  );
  sent.sort((a, b) => a.atMs - b.atMs);
  return sent.map(({ n, fault, copy, key, value, atMs }, offset) => {
    const judgement = judge({ offset, key, value, logTsMs: atMs + onItsWayMs }, window)!;
    return {
      n,
      fault,
      copy,
      verdict: judgement.verdict.kind,
      reason: reasonOf(judgement.verdict),
      late: judgement.late,
    };
  });
}

const SPECS = [
  'late=100%:exp:1h',
  'late=100%:uniform:1d:3650d',
  'reorder=100%:5s',
  'duplicate=100%:3:2s',
  'duplicate=100%:1:0ms',
  'key-skew=100%:1',
  'clock-skew=100%:+10m',
  'clock-skew=100%:+4m',
  'clock-skew=100%:-3650d',
  ...DOMAIN_FORMS.map((form) => `domain=100%:${form}`),
  ...POISON_FORMS.map((form) => `poison=100%:${form}`),
];
/** Oversize is a megabyte per event. */
const countOf = (text: string) => (text.includes('oversize') ? 20 : 500);

describe('what must become of a fault', () => {
  it.each(SPECS)('%s: the real decoder and the real judge agree with the table', (text) => {
    for (const encode of [createRatingEncoder(SCHEMA_ID), createSwitchedEncoder(SWITCHED_SCHEMA_ID)]) {
      const run = playSpecs(parseFaults([text]).specs, countOf(text), { encode });
      for (const onItsWayMs of ON_ITS_WAY_MS) {
        const records = judged(run, onItsWayMs);
        expect(records.length).toBeGreaterThanOrEqual(run.length);
        const actual = records.map(({ verdict, reason }) => ({ verdict, reason }));
        expect(actual).toEqual(records.map(({ fault, copy }) => expectedOf(labelOf(fault!), copy)));
      }
    }
  });

  it('knows every label that a plan can give, and was held against all of them', () => {
    const labels = SPECS.flatMap((text) =>
      playSpecs(parseFaults([text]).specs, 1).map(({ fault }) => labelOf(fault!)),
    );
    expect(new Set([...labels, 'drop'])).toEqual(new Set(FAULT_LABELS));
  });

  it('expects no record of a dropped event', () => {
    expect(expectedOf('drop')).toEqual({ verdict: 'none', reason: 'none' });
    expect(judged(playSpecs(parseFaults(['drop=100%']).specs, 100), 0)).toEqual([]);
  });

  it('marks late what was put back by more than is allowed', () => {
    const records = judged(playSpecs(parseFaults(['late=100%:exp:1h']).specs, 2_000), 0);
    const marked = records.filter(({ late }) => late);
    expect(marked.length).toBeGreaterThan(500);
    expect(marked.length).toBeLessThan(1_500);
    expect(marked).toEqual(records.filter(({ fault }) => mustBeMarkedLate(fault!, ALLOWED_LATENESS_MS)));
    const shifted = (shiftMs: number) => mustBeMarkedLate({ ...plainFault('late'), shiftMs }, 1_000);
    expect([-1_001, -1_000, 2_000].map(shifted)).toEqual([true, false, false]);
  });

  it('refuses a label it does not know', () => {
    for (const label of ['poison', 'poison/gas', 'late/very', '']) {
      expect(() => expectedOf(label)).toThrow(expect.objectContaining({ code: 'bad_data' }));
    }
  });

  it('tells a good event from a bad one, or the table would prove nothing', () => {
    const records = judged(playSpecs([], 200), 0);
    expect(records.every(({ verdict }) => verdict === 'ok')).toBe(true);
  });
});
