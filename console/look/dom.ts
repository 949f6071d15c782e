/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

export type Child = Node | string | null | false;

type Value = string | number | boolean | undefined;

interface Special {
  readonly class?: string;
  /** set one by one: the page's policy allows no style attributes */
  readonly style?: Readonly<Record<string, string>>;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
}

/** An element with its attributes and children; text stays text, whoever wrote it. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  given: Special & Readonly<Record<string, Value | object>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  furnish(element, given);
  append(element, children);
  return element;
}

/** The same for drawings. */
export function svg(
  tag: keyof SVGElementTagNameMap,
  given: Special & Readonly<Record<string, Value | object>> = {},
  ...children: readonly Child[]
): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  furnish(element, given);
  append(element, children);
  return element;
}

/** Puts other children in the place of those that are there. */
export function fill(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

function append(parent: Element, children: readonly Child[]): void {
  parent.append(...children.filter((child): child is Node | string => child !== null && child !== false));
}

function furnish(element: HTMLElement | SVGElement, given: Special & object): void {
  for (const [name, value] of Object.entries(given)) {
    if (name === 'on') {
      for (const [event, handler] of Object.entries(value as object))
        element.addEventListener(event, handler);
    } else if (name === 'style') {
      for (const [property, text] of Object.entries(value as object))
        element.style.setProperty(property, text);
    } else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
}
