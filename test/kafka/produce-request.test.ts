import { describe, expect, it } from 'vitest';
import { meaningOfAnswer } from '../../kafka/produce-error.ts';
import { readProduceResponse, writeProduceRequest } from '../../kafka/produce-request.ts';

describe('a produce request', () => {
  it('is laid out as the protocol says', () => {
    const body = writeProduceRequest(
      'films',
      [
        { partition: 2, bytes: Buffer.from([1, 2, 3]) },
        { partition: 0, bytes: Buffer.from([9]) },
      ],
      10_000,
    );
    expect(body.toString('hex')).toBe(
      [
        ...['ffff', 'ffff', '00002710', '00000001', '0005', Buffer.from('films').toString('hex')],
        ...['00000002', '00000002', '00000003', '010203', '00000000', '00000001', '09'],
      ].join(''),
    );
  });

  it('has an answer per partition', () => {
    const partition = (id: number, error: number, offset: bigint) => {
      const bytes = Buffer.alloc(30);
      bytes.writeInt32BE(id, 0);
      bytes.writeInt16BE(error, 4);
      bytes.writeBigInt64BE(offset, 6);
      return bytes;
    };
    const answer = Buffer.concat([
      Buffer.from([0, 0, 0, 1, 0, 1, 0x74, 0, 0, 0, 2]),
      partition(3, 0, 2n ** 40n),
      partition(1, 6, -1n),
      Buffer.from([0, 0, 0, 7]),
    ]);
    expect(readProduceResponse(answer)).toEqual({
      throttleMs: 7,
      partitions: [
        { partition: 3, errorCode: 0, baseOffset: 2 ** 40 },
        { partition: 1, errorCode: 6, baseOffset: -1 },
      ],
    });
  });
});

describe("a broker's answer", () => {
  const alone = { records: 1, isUncertain: false };
  it.each([
    [0, 'taken'],
    [46, 'taken'],
    [6, 'again'],
    [20, 'again'],
    [10, 'refused'],
    [87, 'refused'],
    [59, 'anew'],
    [45, 'anew'],
    [29, 'fatal'],
    [12_345, 'refused'],
  ])('%i means %s', (code, meaning) => {
    expect(meaningOfAnswer(code, alone).meaning).toBe(meaning);
  });

  it('is fatal where a batch that may be there would have to go under another id', () => {
    expect(meaningOfAnswer(45, { records: 1, isUncertain: true })).toMatchObject({
      name: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
      meaning: 'fatal',
    });
  });

  it('lets several records that are too large together go in halves', () => {
    expect(meaningOfAnswer(10, { records: 2, isUncertain: false }).meaning).toBe('split');
  });
});
