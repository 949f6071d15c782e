import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface StaticFile {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Gives the file behind a path below its mount, or null. */
export type StaticFiles = (path: string) => StaticFile | null;

export interface Mount {
  /** `/page/`: with a slash at both ends */
  readonly prefix: string;
  readonly folder: string;
  /** endings that may leave the folder */
  readonly endings: readonly string[];
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A name is letters, digits, dots and dashes; no path leads out of the folder, whatever is written in it. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Files of a few flat folders, each asked for again with its own hash. Nothing that a page of ours loads comes from elsewhere,
 * and nothing runs in it but these files: the policy of every page says so.
 */
export function staticFiles(mounts: readonly Mount[], pages: Readonly<Record<string, string>>): StaticFiles {
  return (path) => {
    const page = pages[path];
    if (page !== undefined) return pageFile(page);
    const mount = mounts.find(({ prefix }) => path.startsWith(prefix));
    const name = mount ? path.slice(mount.prefix.length) : '';
    if (!mount || !NAME.test(name) || !mount.endings.includes(extname(name))) return null;
    const body = readOrNull(join(mount.folder, name));
    return body && { body, headers: headersOf(name, body) };
  };
}

function readOrNull(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function headersOf(name: string, body: Buffer): Record<string, string> {
  return {
    'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
    'Cache-Control': 'no-cache',
    ETag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    'X-Content-Type-Options': 'nosniff',
  };
}

function pageFile(file: string): StaticFile {
  const body = readFileSync(file);
  return { body, headers: { ...headersOf(file, body), ...pagePolicy(body.toString('utf8')) } };
}

/** What stands within the page itself, its import map, is allowed by its hash. */
export function pagePolicy(html: string): Record<string, string> {
  const inline = [...html.matchAll(/<script type="importmap">([\s\S]*?)<\/script>/g)].map(
    ([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`,
  );
  const policy = [
    "default-src 'none'",
    `script-src ${["'self'", ...inline].join(' ')}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'Content-Security-Policy': policy.join('; '),
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
}
