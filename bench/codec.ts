import type { RatingEvent } from '../core/rating-event.ts';
import { RATING_EVENT } from '../schemas/contracts.ts';
import { createRatingDecoder, createRatingEncoder } from '../schemas/rating-codec.ts';

/** CPU nanoseconds per event, best of the rounds. */
export interface CodecBench {
  readonly eventBytes: number;
  readonly encodeNs: number;
  readonly decodeNs: number;
  /** bytes of a writer schema with a field more than ours */
  readonly decodeEvolvedNs: number;
  /** bytes that stop in the middle */
  readonly rejectNs: number;
}

const SCHEMA_ID = 1;
const EVOLVED_ID = 2;
const ROUNDS = 5;

/** What a rating event costs between bytes and object, in this process. */
export function benchCodec(events = 1_000_000): CodecBench {
  const encode = createRatingEncoder(SCHEMA_ID);
  const { decode, learn } = createRatingDecoder();
  const v1 = JSON.parse(RATING_EVENT.schema);
  learn(SCHEMA_ID, RATING_EVENT.schema);
  learn(
    EVOLVED_ID,
    JSON.stringify({ ...v1, fields: [...v1.fields, { name: 'x', type: 'int', default: 0 }] }),
  );
  const value = Buffer.from(encode(eventNumber(0)));
  const evolved = Buffer.concat([value, Buffer.from([2])]);
  evolved.writeInt32BE(EVOLVED_ID, 1);
  const cut = value.subarray(0, value.length - 1);
  const samples = Array.from({ length: 1_000 }, (_, i) => eventNumber(i));
  return {
    eventBytes: value.length,
    encodeNs: cpuNsPerCall(events, (i) => encode(samples[i % samples.length]!).length),
    decodeNs: cpuNsPerCall(events, () => decode(value).event!.userId),
    decodeEvolvedNs: cpuNsPerCall(events, () => decode(evolved).event!.userId),
    rejectNs: cpuNsPerCall(events, () => decode(cut).reason!.length),
  };
}

function eventNumber(n: number): RatingEvent {
  const eventId = Buffer.alloc(16, n);
  return {
    eventId,
    userId: 1 + n,
    movieId: 318,
    kind: 'RATED',
    rating: 4.5,
    tsMs: 1_700_000_000_000 + n,
    source: 'live',
  };
}

/** The sum keeps the compiler from leaving the work out. */
function cpuNsPerCall(calls: number, work: (i: number) => number): number {
  let best = Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < calls; i++) sum += work(i);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1_000) / calls);
  }
  return sum === 0 ? Number.NaN : Math.round(best);
}
