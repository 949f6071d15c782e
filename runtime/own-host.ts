import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** `host.docker.internal`: what a container calls the machine that it runs on. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  'localhost',
  'host.docker.internal',
  hostname().toLowerCase(),
]);

/**
 * Whether a request's Host names this machine. A web page may have its own name resolved to 127.0.0.1 and then call what
 * listens there as if it were its own server (DNS rebinding); an address in digits cannot be had that way.
 * @param header undefined where the client sent none, which no browser does
 */
export function isOwnHost(header: string | undefined): boolean {
  if (header === undefined || header === '') return true;
  const address = `http://${header}`;
  if (!URL.canParse(address)) return false;
  const name = new URL(address).hostname.toLowerCase().replace(/^\[|\]$/g, '');
  return isIP(name) !== 0 || OWN_NAMES.has(name);
}

/** Whoever listens on another address than this machine's own wants to be called by other names. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
