import { connect } from 'node:net';
import { LOOPBACK } from './supervisor/ports.ts';

const METADATA_API_KEY = 3;
/** The last version without tagged fields, so that the request is thirteen plain bytes after its length. */
const METADATA_API_VERSION = 4;
const CORRELATION_ID = 1;
/** length, correlation id, throttle time, number of brokers */
const BROKER_COUNT_AT = 12;

/**
 * Asks a broker for the cluster's metadata and returns the number of brokers it knows: a listening port alone may still
 * belong to a broker that is fenced and would refuse every client. Rejects when nobody answers within `timeoutMs`.
 * Format: Kafka protocol guide, Metadata request.
 */
export function askBrokerCount(port: number, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: LOOPBACK, port });
    let answer = Buffer.alloc(0);
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () =>
      fail(new Error(`no answer from ${LOOPBACK}:${port} in ${timeoutMs} ms`)),
    );
    socket.once('error', fail);
    socket.once('end', () => fail(new Error(`${LOOPBACK}:${port} closed the connection`)));
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < BROKER_COUNT_AT + 4) return;
      socket.destroy();
      resolve(answer.readInt32BE(BROKER_COUNT_AT));
    });
  });
}

function metadataRequest(): Buffer {
  const body = Buffer.alloc(15);
  body.writeInt16BE(METADATA_API_KEY, 0);
  body.writeInt16BE(METADATA_API_VERSION, 2);
  body.writeInt32BE(CORRELATION_ID, 4);
  body.writeInt16BE(-1, 8); // no client id
  body.writeInt32BE(0, 10); // no topics
  body.writeInt8(0, 14); // create none
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}
