import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseSocketTable } from '../../embedded/supervisor/resource-use.ts';

/** `address:port` of every TCP socket on which this process accepts connections. Linux only. */
export function listeningSockets(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).map(
      (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1],
    ),
  );
  return ['tcp', 'tcp6']
    .flatMap((table) => parseSocketTable(readFileSync(`/proc/${pid}/net/${table}`, 'utf8')))
    .filter(({ inode }) => inodes.has(inode))
    .map(({ address, port }) => `${address}:${port}`);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // closed between the listing and the look
    return '';
  }
}
