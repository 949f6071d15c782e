import { ClickHouseError } from '@clickhouse/client';
import { describe, expect, it } from 'vitest';
import { toClickHouseError } from '../../clickhouse/connection.ts';

const numbered = (code: string) => new ClickHouseError({ message: 'no', code, type: 'X' });
const refusedConnection = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

describe('an error of a statement', () => {
  it.each([
    ['a server that is full', numbered('202'), 'unavailable', true],
    ['a server that is stopping', numbered('236'), 'unavailable', true],
    ['memory that ran out', numbered('241'), 'clickhouse', true],
    ['a table that is not there', numbered('60'), 'clickhouse', false],
    ['a server that is away', refusedConnection, 'unavailable', true],
    ['an answer that is not JSON', new SyntaxError('Unexpected token'), 'clickhouse', false],
    ['a mistake of ours', new TypeError('x is not a function'), 'unknown', false],
  ])('from %s has the code of who has to act', (_, thrown, code, retryable) => {
    expect(toClickHouseError(thrown)).toMatchObject({ code, retryable });
  });
});
