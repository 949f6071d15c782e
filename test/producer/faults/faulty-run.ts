import { createChance } from '../../../core/chance.ts';
import { createEventIds } from '../../../core/event-id.ts';
import { concernsFilm, type RatingEvent } from '../../../core/rating-event.ts';
import { keyOfUser } from '../../../core/user-key.ts';
import type { EventContent, EventSource } from '../../../producer/event-source.ts';
import { createInjector, type Emission, reshape } from '../../../producer/faults/apply.ts';
import type { Fault, FaultPlan } from '../../../producer/faults/fault.ts';
import { createFaultPlan } from '../../../producer/faults/plan.ts';
import type { FaultSpec } from '../../../producer/faults/spec.ts';
import { createRatingEncoder } from '../../../schemas/rating-codec.ts';

export const RUN_ID = '0123456789abcde';
export const SCHEMA_ID = 7;
export const START_TS_MS: number = Date.UTC(2024, 5, 1, 12);
const EVENT_INTERVAL_MS = 5;

export const intendedTsMs = (n: number): number => START_TS_MS + n * EVENT_INTERVAL_MS;

const KINDS = ['RATED', 'RATED', 'WATCHED', 'UNRATED', 'USER_DELETED'] as const;

/** Everything a thousand people may do, by chance. */
export function createTestSource(seed = 1): EventSource {
  const chance = createChance(seed, 'content');
  return {
    length: Number.POSITIVE_INFINITY,
    content(n, tsMs): EventContent {
      const kind = KINDS[chance.below(n, KINDS.length, 0)]!;
      return {
        userId: 1 + chance.below(n, 1_000, 1),
        movieId: concernsFilm(kind) ? 1 + chance.below(n, 5_000, 2) : 0,
        kind,
        rating: kind === 'RATED' ? chance.below(n, 11, 3) / 2 : null,
        tsMs: Math.round(tsMs),
        source: 'live',
      };
    },
  };
}

/** One event and what it became. */
export interface Played {
  readonly n: number;
  readonly content: EventContent;
  readonly fault: Fault | null;
  readonly emissions: readonly Emission[];
}

export interface PlayOptions {
  readonly source?: EventSource;
  readonly encode?: (event: RatingEvent) => Buffer;
}

/** Plays events through a plan as a run does. Bytes are copied as soon as they are made, as a writer would. */
export function play(plan: FaultPlan, numbers: Iterable<number>, options: PlayOptions = {}): Played[] {
  const { source = createTestSource(), encode = createRatingEncoder(SCHEMA_ID) } = options;
  const eventId = createEventIds(RUN_ID);
  const inject = createInjector({ runId: RUN_ID });
  return Array.from(numbers, (n) => {
    const content = source.content(n, intendedTsMs(n));
    const key = keyOfUser(content.userId);
    const fault = plan.of(n, content.userId);
    const said = fault === null ? content : reshape(content, fault, intendedTsMs(n));
    const event = { eventId: eventId(n), ...said };
    const value = encode(event);
    const plain: Emission = { delayMs: 0, key, value, headers: null, partition: null };
    const emissions = fault === null ? [plain] : inject({ n, key, event, value }, fault);
    return { n, content, fault, emissions: emissions.map(copied) };
  });
}

export function playSpecs(specs: readonly FaultSpec[], count: number, options: PlayOptions = {}): Played[] {
  return play(createFaultPlan(specs, 11), numbersBelow(count), options);
}

export function numbersBelow(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

function copied(emission: Emission): Emission {
  return { ...emission, value: emission.value === null ? null : Buffer.from(emission.value) };
}
