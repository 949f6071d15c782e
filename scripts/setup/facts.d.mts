export interface System {
  manager: 'apt' | 'dnf' | 'brew' | null;
  id: string;
  version: number;
  root: boolean;
}
export type Tool = 'node' | 'java' | 'maven' | 'monitoring';
interface Lockfile {
  packages?: Record<string, { version?: string; optional?: boolean }>;
}
export const MINIMUM: Readonly<Record<'node' | 'java', readonly number[]>>;
export function parseVersion(text: string): number[] | null;
export function isAtLeast(version: readonly number[], minimum: readonly number[]): boolean;
export function parseJavaVersion(output: string): number[] | null;
export function stampOf(...inputs: (string | Uint8Array)[]): string;
export function parseOsRelease(text: string): { id: string; like: string; version: number };
export function installCommand(tool: Tool, system: System): string;
export function isTreeOf(lockfile: Lockfile, installed: Lockfile): boolean;
