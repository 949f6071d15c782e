import { type Token, tokenize } from './lexer.ts';
import type { ByteText } from './sql-text.ts';
import { wordOf } from './statement.ts';

/** ids given from outside are carried in these; `log_comment` unless the client set one of its own */
export const OUTER_ID_SETTINGS = ['log_comment', 'query_cache_tag'] as const;
const OUTER_ID = `if(Settings['query_cache_tag'] != '', Settings['query_cache_tag'], Settings['log_comment'])`;

/**
 * `KILL QUERY WHERE query_id = …` means the id that the client gave, which the engine does not know as such:
 * comparisons by = and IN also look at it, and every other mention means it where there is one.
 * Anything but a KILL comes back as it was.
 */
export function translateKill(text: ByteText): ByteText {
  const tokens = [...tokenize(text)];
  if (tokens.length < 2 || wordOf(text, tokens[0]!) !== 'KILL' || wordOf(text, tokens[1]!) !== 'QUERY')
    return text;
  const pieces: string[] = [];
  let copied = 0;
  tokens.forEach((token, i) => {
    if (!isQueryId(text, token)) return;
    const end = endOfComparison(text, tokens, i);
    const comparison = end === null ? null : text.slice(token.end, end);
    const replacement =
      comparison === null
        ? `if(${OUTER_ID} != '', ${OUTER_ID}, query_id)`
        : `(query_id${comparison} OR ${OUTER_ID}${comparison})`;
    pieces.push(text.slice(copied, token.start), replacement);
    copied = end ?? token.end;
  });
  return pieces.join('') + text.slice(copied);
}

function isQueryId(text: ByteText, token: Token): boolean {
  return /^[`"]?query_id[`"]?$/.test(text.slice(token.start, token.end));
}

/** End of `= 'x'`, `= {x:String}` or `IN (…)` behind the token at `i`; null when something else follows. */
function endOfComparison(text: ByteText, tokens: readonly Token[], i: number): number | null {
  const operator = tokens[i + 1];
  const operand = tokens[i + 2];
  if (!operator || !operand) return null;
  const sign = wordOf(text, operator);
  const opening = wordOf(text, operand);
  if (sign === '=' && operand.kind === 'string') return operand.end;
  if (sign === '=' && opening === '{') return endOfBrackets(text, tokens, i + 2);
  if (sign === 'IN' && opening === '(') return endOfBrackets(text, tokens, i + 2);
  return null;
}

function endOfBrackets(text: ByteText, tokens: readonly Token[], from: number): number | null {
  let depth = 0;
  for (const token of tokens.slice(from)) {
    const word = wordOf(text, token);
    if (word === '(' || word === '{') depth += 1;
    if (word === ')' || word === '}') depth -= 1;
    if (depth === 0) return token.end;
  }
  return null;
}
