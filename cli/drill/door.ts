import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { LOOPBACK } from '../../embedded/supervisor/ports.ts';

/** One client's way to a server that others use too: what happens to the way, neither the server nor the others notice. */
export interface FaultDoor {
  readonly port: number;
  /** bytes stand still in both directions, connections stay: a network that swallows */
  freeze(): void;
  /** every piece that the client sends arrives so much later: a server that has become slow */
  delay(ms: number): void;
  /** connections break and every new one too: a server that is gone */
  refuse(): void;
  /** as if it were not there */
  open(): void;
  close(): Promise<void>;
}

export async function openFaultDoor(serverPort: number): Promise<FaultDoor> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let isGone = false;
  let delayMs = 0;
  const server = createServer((client) => {
    if (isGone) return void client.destroy();
    const inside = connect(serverPort, LOOPBACK);
    for (const socket of [client, inside]) keep(socket);
    client.on('data', (chunk) => {
      if (delayMs === 0) return void inside.write(chunk);
      setTimeout(() => inside.writable && inside.write(chunk), delayMs);
    });
    inside.on('data', (chunk) => void client.write(chunk));
    client.once('close', () => inside.destroy());
    inside.once('close', () => client.destroy());
  });
  function keep(socket: Socket): void {
    sockets.add(socket);
    if (isFrozen) socket.pause();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    delay(ms) {
      delayMs = ms;
    },
    refuse() {
      isGone = true;
      for (const socket of sockets) socket.destroy();
    },
    open() {
      isFrozen = false;
      isGone = false;
      delayMs = 0;
      for (const socket of sockets) socket.resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
