import { scenario } from '../scenario.ts';
import { always, from } from '../series.ts';

const none = { sink: { lag: always(0) }, recommender: { lag: always(0) } };
const wave = (t: number) => 100 + 60 * Math.sin((2 * Math.PI * t) / 240);

/** The producer against its own target. */
export const generator = [
  scenario(
    '80 % of the target',
    90,
    { rate: always(80) },
    { GeneratorBelowTarget: { notBefore: 18, by: 40 } },
  ),
  scenario('95 % of the target', 120, { rate: always(95) }),
  scenario('a target of one event in fifty seconds, with chance', 480, {
    ...none,
    target: always(0.02),
    rate: always(0.02),
  }),
  scenario('the target jumps to four times and the producer takes 13 minutes to follow', 120, {
    target: from(60, 400, 100),
    rate: (t) => (t < 60 ? 100 : Math.min(400, 100 + 23 * (t - 60))),
  }),
  scenario('a profile that moves all the time, followed', 300, { target: wave, rate: wave }),
  scenario(
    'a profile that moves all the time, followed at 80 %',
    300,
    { target: wave, rate: (t) => 0.8 * wave(t) },
    { GeneratorBelowTarget: { by: 60 } },
  ),
  scenario('below target for eight minutes', 120, { rate: (t) => (t >= 60 && t < 68 ? 70 : 100) }),
];
