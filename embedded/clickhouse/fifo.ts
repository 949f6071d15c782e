import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** A named pipe that carries one answer: the engine writes into `path`, `readable` gives the bytes. */
export interface OpenFifo {
  readonly path: string;
  readonly readable: Readable;
  /**
   * Must be called once the engine is done. Our own writing end keeps the pipe from ending early or never:
   * a statement that fails before its first row does not open the pipe at all.
   */
  finishWriting(): void;
}

export interface FifoPool {
  take(): OpenFifo;
  /** only after the engine is done with it */
  release(fifo: OpenFifo): void;
}

/** Named pipes are made once, by one `mkfifo`, since Node cannot make them and a process per answer would cost more than the answer. */
export function createFifoPool(folder: string, size: number): FifoPool {
  const paths = Array.from({ length: size }, (_, i) => join(folder, `answer-${i}.fifo`));
  execFileSync('mkfifo', ['-m', '600', ...paths]);
  const free = [...paths];
  return {
    take() {
      const path = free.pop();
      if (path === undefined) throw new Error('more answers at once than were admitted');
      return open(path);
    },
    release(fifo) {
      fifo.readable.destroy();
      free.push(fifo.path);
    },
  };
}

/** Not blocking, so that reading goes through the event loop and holds no thread of the pool. */
function open(path: string): OpenFifo {
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  let isOpen = true;
  return {
    path,
    readable: new Socket({ fd: reading, readable: true, writable: false }),
    finishWriting() {
      if (isOpen) closeSync(writing);
      isOpen = false;
    },
  };
}
