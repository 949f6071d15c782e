/// <reference lib="dom" />
import { el, fill } from '../look/dom.ts';
import { pageHead } from '../look/page-head.ts';
import type { AskedAnswer, QuestionForm } from '../server/questions.ts';
import { answerChart } from './answer-chart.ts';
import { scrolling } from './data-table.ts';
import { createQuestionForm } from './question-form.ts';
import { type Route, routeText } from './route.ts';
import { ask, ServerFault } from './server.ts';
import type { View } from './view.ts';

/** The named questions; one of them with its form, its answer and what the answer does not say. */
export async function openQuestions(route: Route, root: HTMLElement): Promise<View> {
  const questions = await ask<QuestionForm[]>('/console/questions');
  const found = questions.find(({ name }) => name === route.name);
  if (route.name !== '' && !found) throw new ServerFault(404, `there is no question "${route.name}"`);
  if (!found) {
    fill(root, ...listOf(questions));
    return still('Questions');
  }
  return openQuestion(found, route, root);
}

function listOf(questions: readonly QuestionForm[]): HTMLElement[] {
  const group = (source: QuestionForm['source'], heading: string) =>
    el(
      'section',
      { class: 'board-row' },
      el('h2', {}, heading),
      el(
        'ul',
        { class: 'question-list' },
        ...questions
          .filter((one) => one.source === source)
          .map(({ name, summary }) =>
            el(
              'li',
              {},
              el('a', { href: `#/questions/${name}` }, titleOf(name)),
              el('span', { class: 'muted' }, `${upperFirst(summary)}.`),
            ),
          ),
      ),
    );
  return [
    pageHead({
      title: 'Questions',
      lead: 'Each says what exactly it counts, how much of the data it knows, and what it does not tell.',
    }),
    group('stream', 'From the stream of ratings'),
    group('catalogue', 'From the catalogue of films'),
  ];
}

const upperFirst = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;
const titleOf = (name: string): string => upperFirst(name.replaceAll('-', ' '));

function openQuestion(question: QuestionForm, route: Route, root: HTMLElement): View {
  const place = el('div', { class: 'answer', 'aria-live': 'polite' });
  let round = new AbortController();
  const run = async () => {
    round.abort();
    round = new AbortController();
    const { signal } = round;
    const given = form.given();
    history.replaceState(null, '', routeText({ ...route, given }));
    place.setAttribute('aria-busy', 'true');
    try {
      const asked = new URLSearchParams(given);
      asked.set('question', question.name);
      show(await ask<AskedAnswer>('/console/answer', asked, signal), question, place);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ServerFault)) throw error;
      const isTold = error.field !== undefined && form.tellFault(error.field, error.message);
      fill(place, isTold ? null : el('p', { class: 'fault' }, error.message));
    } finally {
      if (!signal.aborted) place.removeAttribute('aria-busy');
    }
  };
  const form = createQuestionForm(question.parameters, route.given, () => void run());
  fill(
    root,
    pageHead({
      title: titleOf(question.name),
      lead: `${upperFirst(question.summary)}.`,
      above: { title: 'Questions', href: '#/questions' },
    }),
    el('div', { class: 'question' }, form.element, place),
  );
  const isComplete = question.parameters.every(
    ({ name, defaultText }) => defaultText !== null || route.given.has(name),
  );
  if (isComplete) void run();
  return { ...still(titleOf(question.name)), end: () => round.abort() };
}

function show(answer: AskedAnswer, question: QuestionForm, place: HTMLElement): void {
  const { title, coverage, columns, rows, chart, reason } = answer;
  const headings = columns.map(({ name, unit, isNumber }) => ({
    name: `${name.replaceAll('_', ' ')}${unit === '' || unit === 'id' || name.includes(unit) ? '' : ` (${unit})`}`,
    isNumber,
  }));
  fill(
    place,
    el('h2', {}, title),
    reason === null
      ? el('p', { class: 'muted' }, coverage)
      : el('p', { class: 'verdict' }, `No rows: ${reason}.`),
    chart && answerChart(chart),
    rows.length > 0 && scrolling(title, headings, rows),
    el(
      'div',
      { class: 'prose small-print' },
      el('h3', {}, 'What is counted'),
      el('p', {}, question.definition),
      question.caveats.length > 0 && el('h3', {}, 'What the figures do not say'),
      question.caveats.length > 0 && el('ul', {}, ...question.caveats.map((text) => el('li', {}, text))),
    ),
  );
}

const still = (title: string): View => ({ title, redraw() {}, end() {} });
