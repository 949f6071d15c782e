/// <reference lib="dom" />
import { el } from '../look/dom.ts';
import type { QuestionParameter } from '../server/questions.ts';

export interface QuestionForm {
  readonly element: HTMLFormElement;
  /** what was written, without what is as it was */
  given(): URLSearchParams;
  /** marks the field; false when there is no such field */
  tellFault(field: string, text: string): boolean;
}

/** A field for everything that a question can be asked for. */
export function createQuestionForm(
  parameters: readonly QuestionParameter[],
  given: URLSearchParams,
  onAsk: () => void,
): QuestionForm {
  const fields = parameters.map((parameter) => fieldOf(parameter, given.get(parameter.name)));
  const clear = () => {
    for (const { input, fault } of fields) {
      input.removeAttribute('aria-invalid');
      fault.textContent = '';
    }
  };
  const element = el(
    'form',
    { class: 'question-form', novalidate: true },
    ...fields.map(({ element: field }) => field),
    el('div', { class: 'question-go' }, el('button', { type: 'submit', class: 'button primary' }, 'Ask')),
  );
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    clear();
    onAsk();
  });
  return {
    element,
    given() {
      const written = new URLSearchParams();
      for (const { parameter, input } of fields) {
        const text = input.value.trim();
        if (text !== '' && text !== parameter.defaultText) written.set(parameter.name, text);
      }
      return written;
    },
    tellFault(name, text) {
      const found = fields.find(({ parameter }) => parameter.name === name);
      if (!found) return false;
      found.fault.textContent = text;
      found.input.setAttribute('aria-invalid', 'true');
      found.input.focus();
      return true;
    },
  };
}

function fieldOf(parameter: QuestionParameter, given: string | null) {
  const { name, kind, defaultText, range, choices, text } = parameter;
  const id = `q-${name}`;
  const value = given ?? defaultText ?? '';
  const input =
    kind === 'choice'
      ? el(
          'select',
          { id, name, 'aria-describedby': `${id}-about ${id}-fault` },
          ...choices.map((choice) => el('option', { value: choice, selected: choice === value }, choice)),
        )
      : el('input', {
          id,
          name,
          type: 'text',
          value,
          autocomplete: 'off',
          'aria-describedby': `${id}-about ${id}-fault`,
        });
  const fault = el('span', { id: `${id}-fault`, class: 'field-fault', role: 'alert' });
  const about = [text, ...(range ? [`${range[0]} to ${range[1]}`] : [])].join('; ');
  const element = el(
    'div',
    { class: 'question-field' },
    el('label', { for: id }, name.replaceAll('_', ' ')),
    input,
    el('span', { id: `${id}-about`, class: 'muted small' }, about),
    fault,
  );
  return { parameter, input, fault, element };
}
