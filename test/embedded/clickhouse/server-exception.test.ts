import { describe, expect, it } from 'vitest';
import {
  httpStatusOf,
  ServerException,
  toServerException,
} from '../../../embedded/clickhouse/server-exception.ts';

describe('an error of the engine', () => {
  it.each([
    [
      'Code: 62. DB::Exception: Syntax error: failed at position 1 (x). (SYNTAX_ERROR)',
      [62, 'SYNTAX_ERROR', 'Syntax error: failed at position 1 (x).'],
    ],
    [
      "Code: 73. DB::Exception: Code: 73. DB::Exception: Code: 73. DB::Exception: Unknown format Nope. Maybe you meant: ['One','Npy']. (UNKNOWN_FORMAT) (version 26.7.2.1). (UNKNOWN_FORMAT) (version 26.7.2.1). (UNKNOWN_FORMAT)",
      [73, 'UNKNOWN_FORMAT', "Unknown format Nope. Maybe you meant: ['One','Npy']."],
    ],
    [
      'Code: 60. DB::Exception: Table default.t (UUID) does not exist. (UNKNOWN_TABLE) (version 26.7.2.1 (official build))',
      [60, 'UNKNOWN_TABLE', 'Table default.t (UUID) does not exist.'],
    ],
    ['the connection is closed', [1002, 'UNKNOWN_EXCEPTION', 'the connection is closed']],
  ])('%s', (text, [code, name, message]) => {
    const exception = toServerException(new Error(text));
    expect([exception.code, exception.exceptionName, exception.message]).toEqual([code, name, message]);
  });

  it('is read in one pass, however many blanks of the statement stand in it', () => {
    const startedMs = performance.now();
    const blanks = ' '.repeat(262_144);
    const exception = toServerException(
      new Error(`Code: 47. DB::Exception: Unknown x in scope SELECT '${blanks}', x. (UNKNOWN_IDENTIFIER)`),
    );
    expect([exception.code, exception.exceptionName]).toEqual([47, 'UNKNOWN_IDENTIFIER']);
    expect(exception.message).toHaveLength(blanks.length + 32);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it('is worded as a server words it', () => {
    expect(new ServerException(62, 'SYNTAX_ERROR', 'No.').toText('26.7.2.1')).toBe(
      'Code: 62. DB::Exception: No. (SYNTAX_ERROR) (version 26.7.2.1)',
    );
  });

  it('has the status of a server, or 500', () => {
    expect([62, 60, 159, 202, 243, 241, 516, 48, 229].map(httpStatusOf)).toEqual([
      400, 404, 408, 503, 503, 500, 403, 501, 413,
    ]);
  });
});
