import { ReelstreamError } from '../../core/errors.ts';

/** Option parser for one of a closed list of words. */
export function oneOf<const T extends readonly string[]>(
  name: string,
  values: T,
): (text: string) => T[number] {
  return (text) => {
    if (!values.includes(text)) {
      throw new ReelstreamError('usage', `${name}: "${text}" is none of ${values.join(', ')}`);
    }
    return text;
  };
}
