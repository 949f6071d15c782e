import { describe, expect, it } from 'vitest';
import { parseSocketTable } from '../../../embedded/supervisor/resource-use.ts';

const HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const row = (address: string, state: string, inode: number) =>
  `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100`;

describe('the socket table', () => {
  it.each([
    ['0100007F:2384', '127.0.0.1', 9092],
    ['00000000:1F90', '0.0.0.0', 8080],
    ['00000000000000000000000000000000:1F90', '0000:0000:0000:0000:0000:0000:0000:0000', 8080],
    ['0000000000000000FFFF00000100007F:2384', '127.0.0.1', 9092],
    ['00000000000000000000000001000000:2384', '0000:0000:0000:0000:0000:0000:0000:0001', 9092],
  ])('%s is %s', (encoded, address, port) => {
    expect(parseSocketTable(`${HEADER}\n${row(encoded, '0A', 77)}\n`)).toEqual([
      { address, port, inode: '77' },
    ]);
  });

  it('leaves out connections', () => {
    expect(parseSocketTable(`${HEADER}\n${row('0100007F:2384', '01', 77)}\n`)).toEqual([]);
  });
});
