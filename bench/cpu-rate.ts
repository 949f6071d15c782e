/** Steps per CPU second of this process, its threads included. */
export function perCpuSecond(steps: number, step: (n: number) => unknown): number {
  const before = process.cpuUsage();
  for (let n = 0; n < steps; n++) step(n);
  const { user, system } = process.cpuUsage(before);
  return Math.round((steps * 1e6) / (user + system));
}
