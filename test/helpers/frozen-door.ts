import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that others use too: what happens to the way, the server does not notice. */
export interface Door {
  /** the server's address, through this door */
  readonly url: string;
  /** connections stay open and nobody answers, as with a server that is frozen */
  freeze(): void;
  thaw(): void;
  /** connections break and none is taken, as with a server that is gone */
  shut(): Promise<void>;
}

export async function openDoor(url: string): Promise<Door> {
  const { port, hostname } = new URL(url);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    if (isFrozen) socket.pause();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((outside) => {
    const inside = connect(Number(port), hostname);
    for (const socket of [outside, inside]) keep(socket);
    forward(outside, inside);
    forward(inside, outside);
  });
  function forward(from: Socket, to: Socket): void {
    from.on('data', (chunk) => to.write(chunk));
    from.once('close', () => to.destroy());
    from.once('end', () => to.end());
    if (isFrozen) from.pause();
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: ownPort } = server.address() as AddressInfo;
  return {
    url: url.replace(`:${port}`, `:${ownPort}`),
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
    async shut() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
