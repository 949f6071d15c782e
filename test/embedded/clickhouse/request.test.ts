import { describe, expect, it } from 'vitest';
import { answerEncoding, requestCompression } from '../../../embedded/clickhouse/encodings.ts';
import { readParameters } from '../../../embedded/clickhouse/request-parameters.ts';
import { literal, quotedName } from '../../../embedded/clickhouse/sql-text.ts';

const read = (query: string, headers: Record<string, string> = {}) =>
  readParameters(new URLSearchParams(query), headers);

describe('parameters', () => {
  it('are settings unless the protocol knows them', () => {
    const { settings, database, queryId } = read(
      'query=SELECT+1&database=d&query_id=q&max_threads=2&param_x=3&wait_end_of_query=1&enable_http_compression=1&user=u&max_threads=4',
    );
    expect([...settings]).toEqual([
      ['max_threads', '4'],
      ['param_x', '3'],
    ]);
    expect([database, queryId]).toEqual(['d', 'q']);
  });

  it('that are empty are none', () => {
    expect(read('query_id=&session_id=&default_format=')).toMatchObject({
      queryId: null,
      sessionId: null,
      defaultFormat: 'TabSeparated',
    });
  });

  it.each(["a'b=1", 'a+b=1', '=1', '1a=1', 'a,b=1'])('with the name %s are refused', (query) => {
    expect(() => read(query)).toThrow(/Unknown setting/);
  });

  it('of a format are names only', () => {
    expect(() => read('default_format=CSV+SETTINGS+x=1')).toThrow(/Unknown format/);
  });
});

describe('encodings', () => {
  it('of the answer need the setting and the header', () => {
    const on = read('enable_http_compression=1');
    expect(answerEncoding('gzip, br', on)?.name).toBe('gzip');
    expect(answerEncoding('br;q=1.0', on)?.name).toBe('br');
    expect(answerEncoding('gzip;q=0, br', on)?.name).toBe('br');
    expect(answerEncoding('snappy', on)).toBeNull();
    expect(answerEncoding(undefined, on)).toBeNull();
    expect(answerEncoding('gzip', read(''))).toBeNull();
  });

  it('of the body are those that Node or the engine can read', () => {
    expect(requestCompression('GZIP', read(''))).toBe('gzip');
    expect(requestCompression('identity', read(''))).toBeNull();
    expect(() => requestCompression('snappy', read(''))).toThrow(/snappy/);
    expect(() => requestCompression(undefined, read('decompress=1'))).toThrow(/block framing/);
    expect(() => requestCompression(undefined, read('compress=1'))).toThrow(/block framing/);
  });
});

describe('SQL text', () => {
  it('quotes', () => {
    expect(literal("a'\\b")).toBe("'a\\'\\\\b'");
    expect(quotedName('a`b\\')).toBe('`a\\`b\\\\`');
  });
});
