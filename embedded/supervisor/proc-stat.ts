import { readFileSync } from 'node:fs';

/** What is used here of a line of /proc/<pid>/stat. Source: man 5 proc. */
export interface ProcStat {
  readonly state: string;
  /** process group */
  readonly group: number;
  /** user and system time, of all threads, in hundredths of a second on every Linux that Node runs on */
  readonly cpuTicks: number;
  readonly threads: number;
  /** ticks since the machine started */
  readonly startTime: string;
}

/** Null for anything but such a line. */
export function parseProcStat(line: string): ProcStat | null {
  // Counted behind the command's closing parenthesis: a command may itself hold spaces and parentheses
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  if (!state || !startTime) return null;
  return {
    state,
    group: Number(fields[2]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    threads: Number(fields[17]),
    startTime,
  };
}

/** Null when there is no such process (any more). Linux only. */
export function readProcStat(pid: number): ProcStat | null {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}
