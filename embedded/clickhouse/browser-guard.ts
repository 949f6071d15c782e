import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { ServerException } from './server-exception.ts';

/** what a container calls the machine it runs on */
const OWN_NAMES = ['localhost', 'host.docker.internal', hostname().toLowerCase()];

/**
 * Any web page that is open on this machine can send requests to 127.0.0.1, and whoever may write can drop every table.
 * So a request of a foreign page is refused, known by its Origin or, where a browser sends
 * none (a GET for an image), by Sec-Fetch-Site, which no page can set; and so is one for a host name that is not this machine's, which is what a rebound DNS name looks like.
 * @throws ServerException 497
 */
export function refuseForeignPages(headers: IncomingHttpHeaders, allowedHosts: readonly string[]): void {
  const host = headers.host ?? '';
  const name = hostNameOf(`http://${host}`);
  const isOwnName = host === '' || isIP(name) !== 0 || [...allowedHosts, ...OWN_NAMES].includes(name);
  if (!isOwnName) throw refusal(`the host name ${name} is not known here`);
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw refusal(`a page of another place sent it (Sec-Fetch-Site: ${site})`);
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`)
    throw refusal(`the page ${origin} is not of this server`);
}

function hostNameOf(address: string): string {
  if (!URL.canParse(address)) return '';
  return new URL(address).hostname.toLowerCase().replace(/^\[|\]$/g, '');
}

function refusal(reason: string): ServerException {
  return new ServerException(497, 'ACCESS_DENIED', `Request refused: ${reason}`);
}
