import { scenario } from '../scenario.ts';
import { always, counter, from } from '../series.ts';

const none = { lag: always(0) };
const deadFrom = (perSecond: (minute: number) => number) => {
  const total = counter(150, perSecond);
  return (t: number) => total[t]!;
};

/** Dead letters and duplicates. */
export const quality = [
  scenario(
    '5 % of the events cannot be decoded',
    90,
    { sink: { deadLetters: deadFrom(from(30, 5, 0)) } },
    {
      DeadLetterRatioHigh: { notBefore: 36, by: 45, count: 1 },
      DeadLettersPresent: { notBefore: 34, by: 45 },
    },
  ),
  scenario(
    'a burst of bad events lets go when it is over',
    120,
    { sink: { deadLetters: deadFrom((t) => (t >= 30 && t < 42 ? 5 : 0)) } },
    { DeadLetterRatioHigh: { by: 45, gone: 49 }, DeadLettersPresent: { by: 45, still: [90], gone: 115 } },
  ),
  scenario(
    'bad events for two minutes: a ticket, no page',
    90,
    { sink: { deadLetters: deadFrom((t) => (t >= 30 && t < 32 ? 5 : 0)) } },
    { DeadLettersPresent: { by: 40 } },
  ),
  scenario(
    'one dead letter: a ticket, no page',
    90,
    { sink: { deadLetters: from(30, 1, 0) } },
    { DeadLettersPresent: { by: 40 } },
  ),
  scenario('a limit: a counter that is born with its first event keeps it to itself', 90, {
    sink: { deadLetters: (t) => (t < 30 ? null : 1) },
  }),
  scenario(
    'one of twenty at low traffic is 5 %, and one',
    90,
    {
      target: always(0.02),
      rate: always(0.02),
      sink: { ...none, deadLetters: from(30, 1, 0) },
      recommender: none,
    },
    { DeadLettersPresent: { by: 40 } },
  ),
  scenario(
    'four of twenty at low traffic, again and again',
    120,
    {
      target: always(0.02),
      rate: always(0.02),
      sink: { ...none, deadLetters: (t) => Math.floor(Math.max(0, t - 30) / 4) },
      recommender: none,
    },
    { DeadLettersPresent: { by: 45 } },
  ),
  scenario(
    'half a percent of bad events: a ticket',
    120,
    { sink: { deadLetters: deadFrom(from(30, 0.5, 0)) } },
    {
      DeadLettersPresent: { by: 40 },
    },
  ),
  scenario('redelivery after a restart: 60 % duplicates for four minutes', 90, {
    sink: { duplicates: (t) => (t >= 30 && t < 34 ? 60 : 0.1) },
  }),
  scenario(
    '20 % duplicates for good',
    90,
    { sink: { duplicates: from(30, 20, 0.1) } },
    { DuplicateRatioHigh: { notBefore: 40, by: 50, count: 1 } },
  ),
  scenario('20 % duplicates for nine minutes', 90, {
    sink: { duplicates: (t) => (t >= 30 && t < 39 ? 20 : 0.1) },
  }),
  scenario('3 % duplicates for good', 90, { sink: { duplicates: always(3) } }),
  scenario('a fifth of next to nothing', 120, {
    target: always(0.05),
    rate: always(0.05),
    sink: { ...none, consumed: always(0.05), duplicates: always(0.017) },
    recommender: none,
  }),
];
