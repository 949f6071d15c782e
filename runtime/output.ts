const lost = new AbortController();

/** Aborted once nobody reads what this process prints: the reader of its pipe has ended, or its terminal was closed. */
export const outputLost: AbortSignal = lost.signal;

/**
 * Keeps a process alive that prints to nobody; unwatched, its next line would be an error that nobody catches, and its end.
 * Any other failure to print (a full disk) stays such an error. Call it once, first.
 */
export function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!isNobodyThere(error, stream)) throw error;
      lost.abort();
    });
  }
}

/** EIO is how a closed terminal answers; from a file it would be a broken disk. */
function isNobodyThere({ code }: NodeJS.ErrnoException, stream: NodeJS.WriteStream): boolean {
  return code === 'EPIPE' || (code === 'EIO' && stream.isTTY);
}
