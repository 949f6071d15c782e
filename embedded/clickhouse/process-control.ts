import { tokenize } from './lexer.ts';
import { ServerException } from './server-exception.ts';
import type { ByteText } from './sql-text.ts';
import { wordOf } from './statement.ts';

const PROCESS_CONTROL = new Set(['SHUTDOWN', 'KILL', 'SUSPEND']);

/**
 * A server carries out SYSTEM SHUTDOWN, KILL and SUSPEND by a signal to its process group. Here that group is whatever
 * started this process: the whole stack, a shell, a test run.
 * @throws ServerException 497
 */
export function refuseProcessControl(text: ByteText): void {
  let previous = '';
  for (const token of tokenize(text)) {
    const word = wordOf(text, token);
    if (previous === 'SYSTEM' && PROCESS_CONTROL.has(word)) {
      const message = `SYSTEM ${word} is not allowed here: it would signal every process of the group; stop the server process instead`;
      throw new ServerException(497, 'ACCESS_DENIED', message);
    }
    previous = word;
  }
}
