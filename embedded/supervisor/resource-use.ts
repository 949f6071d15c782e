import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readProcStat } from './proc-stat.ts';

/** Resident memory of the process groups led by these processes, in bytes, by leader; a group that is gone has 0. */
export function readResidentBytes(leaders: readonly number[]): Map<number, number> {
  const sums = new Map(leaders.map((pid) => [pid, 0]));
  for (const { group, residentBytes } of process.platform === 'linux' ? listFromProc() : listFromPs()) {
    if (sums.has(group)) sums.set(group, sums.get(group)! + residentBytes);
  }
  return sums;
}

/** A TCP socket that accepts connections. */
export interface ListeningSocket {
  readonly pid: number;
  readonly address: string;
  readonly port: number;
}

/** Every listening TCP socket of the process groups led by these processes. Linux only; elsewhere empty. */
export function readListeningSockets(leaders: readonly number[]): ListeningSocket[] {
  if (process.platform !== 'linux') return [];
  const listening = [...parseSocketTable(readProc('net/tcp')), ...parseSocketTable(readProc('net/tcp6'))];
  const groups = new Set(leaders);
  return listFromProc()
    .filter(({ group }) => groups.has(group))
    .flatMap(({ pid }) => {
      const inodes = new Set(socketInodes(pid));
      return listening
        .filter(({ inode }) => inodes.has(inode))
        .map(({ address, port }) => ({ pid, address, port }));
    });
}

/** Whoever listens on the port, for an error message; null when it cannot be told. */
export function findListener(port: number): { pid: number; command: string } | null {
  if (process.platform !== 'linux') return null;
  const inodes = [...parseSocketTable(readProc('net/tcp')), ...parseSocketTable(readProc('net/tcp6'))]
    .filter((socket) => socket.port === port)
    .map((socket) => socket.inode);
  const owner = listFromProc().find(({ pid }) => socketInodes(pid).some((inode) => inodes.includes(inode)));
  return owner ? { pid: owner.pid, command: readProc(`${owner.pid}/comm`).trim() } : null;
}

const LISTEN_STATE = '0A';

/** Rows of /proc/net/tcp or tcp6 in the listening state. Addresses are words in host byte order, hexadecimal. */
export function parseSocketTable(table: string): { address: string; port: number; inode: string }[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN_STATE)
    .map((fields) => {
      const [address = '', port = ''] = fields[1]!.split(':');
      return { address: parseAddress(address), port: Number.parseInt(port, 16), inode: fields[9]! };
    });
}

function parseAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  // Intel and ARM are little-endian: every word of four bytes stands reversed
  bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const mapped = bytes.subarray(0, 12).equals(Buffer.from('00000000000000000000ffff', 'hex'));
  return mapped ? bytes.subarray(12).join('.') : (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
}

interface ProcessFigures {
  readonly pid: number;
  readonly group: number;
  readonly residentBytes: number;
}

function listFromProc(): ProcessFigures[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const pid = Number(name);
      const group = readProcStat(pid)?.group;
      const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(`${name}/status`))?.[1];
      return group === undefined ? [] : [{ pid, group, residentBytes: Number(resident ?? 0) * 1024 }];
    });
}

function listFromPs(): ProcessFigures[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,pgid=,rss='], { encoding: 'utf8' });
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, group = 0, residentKb = 0]) => ({ pid, group, residentBytes: residentKb * 1024 }));
}

function socketInodes(pid: number): string[] {
  return listOrNothing(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      // closed between the listing and the look
      return [];
    }
  });
}

function listOrNothing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // the process ended, or belongs to another user
    return [];
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    // the process ended between the listing and the look
    return '';
  }
}
