import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectClickHouse } from '../../clickhouse/connection.ts';
import { readRecentIds } from '../../clickhouse/recent-ids.ts';

/** Whole answers come from the real server: delivery.contract.test.ts and slots.contract.test.ts. Here: broken ones. */
let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function readFrom(answer: RequestListener): Promise<Buffer> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.address() as AddressInfo;
  const clickhouse = connectClickHouse({ url: `http://127.0.0.1:${port}` });
  return readRecentIds(clickhouse, [1], 0).finally(() => clickhouse.close());
}

const entries = (count: number): Buffer => {
  const bytes = Buffer.alloc(24 * count, 7);
  for (let i = 0; i < count; i++) bytes.writeBigUInt64LE(BigInt(i), 24 * i);
  return bytes;
};
const END = Buffer.concat([Buffer.alloc(8, 0xff), Buffer.alloc(16)]);
const TROUBLE =
  'Code: 241. DB::Exception: Memory limit (total) exceeded: would use 9.32 GiB. (MEMORY_LIMIT_EXCEEDED)\n';

describe('recent ids', () => {
  it('are what stands before the end mark', async () => {
    const read = await readFrom((_, response) => response.end(Buffer.concat([entries(4_000), END])));
    expect(read.equals(entries(4_000))).toBe(true);
    expect((await readFrom((_, response) => response.end(END))).length).toBe(0);
  });

  it('are an outage when the connection breaks behind the head of the answer', async () => {
    const reading = readFrom((_, response) => {
      // more than one chunk, so that the answer has begun when it ends
      response.writeHead(200).write(entries(4_000), () => response.destroy());
    });
    await expect(reading).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  });

  it.each([
    ['lacks its end', entries(10)],
    ['ends inside an entry', Buffer.concat([entries(10), END]).subarray(0, -1)],
    ['is empty', Buffer.alloc(0)],
    ['ends in the text of a late error', Buffer.concat([entries(10), Buffer.from(TROUBLE)])],
    [
      'ends in a text as long as entries are',
      Buffer.concat([entries(10), Buffer.from(TROUBLE.padEnd(24 * 6))]),
    ],
    ['goes on behind its end', Buffer.concat([entries(10), END, Buffer.from(TROUBLE)])],
  ])('are refused when the answer %s', async (_, body) => {
    const reading = readFrom((_request, response) => response.end(body));
    await expect(reading).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  });
});
