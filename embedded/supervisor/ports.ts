import { connect, createServer, type Socket } from 'node:net';

/** Every listening socket of the stack is on this address. */
export const LOOPBACK = '127.0.0.1';

/** A port nobody listens on at this moment; the caller should bind it soon. */
export async function findFreePort(): Promise<number> {
  return (await findFreePorts(1))[0]!;
}

/** Different free ports: all are held until the last is found, so that none is handed out twice. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(servers.map(listenAnywhere));
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** True when something accepts connections there. Rejects never; silence for `timeoutMs` counts as nobody. */
export function isListening(port: number, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: LOOPBACK, port });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

function listenAnywhere(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('no port was given'));
      resolve(address.port);
    });
  });
}
