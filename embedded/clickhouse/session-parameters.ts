import type { EngineSession } from './engine.ts';
import { tokenize } from './lexer.ts';
import { ServerException } from './server-exception.ts';
import { type ByteText, literal } from './sql-text.ts';
import { nameOf, wordOf } from './statement.ts';

const PREFIX = 'param_';
const NOT_SET = 456;

export interface ParameterRequest {
  readonly session: EngineSession;
  /** parameters that an earlier request lent to this session; the engine cannot take one away again */
  readonly lent: Set<string>;
  readonly settings: ReadonlyMap<string, string>;
  readonly text: ByteText;
}

/**
 * Parameters of the address belong to one request, but SET is the only way to give them to a session, and there is no
 * way back. So a value that the session had is put back, and one that it had not is remembered as lent.
 * Call it before they are set.
 * @returns what puts the values back
 * @throws ServerException 456 when the statement uses a parameter that only an earlier request had
 */
export async function borrowParameters(request: ParameterRequest): Promise<() => Promise<void>> {
  const { session, lent, settings, text } = request;
  const given = [...settings.keys()].filter((name) => name.startsWith(PREFIX));
  if (lent.size === 0 && given.length === 0) return async () => undefined;
  const { used, set } = namesIn(text);
  for (const name of used) {
    if (lent.has(name) && !settings.has(PREFIX + name)) {
      throw new ServerException(NOT_SET, 'UNKNOWN_QUERY_PARAMETER', `Substitution \`${name}\` is not set.`);
    }
  }
  const former = new Map<string, string>();
  for (const parameter of given) {
    const name = parameter.slice(PREFIX.length);
    if (set.has(name)) continue;
    const value = lent.has(name) ? null : await formerValue(session, name);
    if (value === null) lent.add(name);
    else former.set(parameter, value);
  }
  for (const name of set) lent.delete(name);
  return async () => {
    if (former.size === 0) return;
    await session.run(`SET ${[...former].map(([name, value]) => `${name} = ${literal(value)}`).join(', ')}`);
  };
}

/** Escaped as the engine keeps it; null where the session has none. */
async function formerValue(session: EngineSession, name: string): Promise<string | null> {
  try {
    const { bytes } = await session.run(`SELECT {${name}:String}`, 'TabSeparated');
    return Buffer.from(bytes).toString('utf8').slice(0, -1);
  } catch (thrown) {
    if (thrown instanceof ServerException && thrown.code === NOT_SET) return null;
    throw thrown;
  }
}

/** Parameters that the text uses, as `{name:Type}`, and those that it sets, as `SET param_name`. */
function namesIn(text: ByteText): { readonly used: Set<string>; readonly set: Set<string> } {
  const [used, set] = [new Set<string>(), new Set<string>()];
  let isSet: boolean | null = null;
  let [first, second] = ['', ''];
  for (const token of tokenize(text)) {
    const word = token.kind === 'string' ? '' : nameOf(text, token);
    isSet ??= wordOf(text, token) === 'SET';
    if (first === '{' && word === ':') used.add(second);
    if (isSet && word.startsWith(PREFIX)) set.add(word.slice(PREFIX.length));
    [first, second] = [second, word];
  }
  return { used, set };
}
