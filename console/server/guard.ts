import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';

/**
 * Refuses what a foreign page may send from somebody's browser: requests under a name that was made to point here, and those
 * that the browser itself marks as another site's.
 * @throws Problem 421, 403
 */
export function refuseForeignPages(
  headers: IncomingHttpHeaders,
  isOwnHost: (host: string | undefined) => boolean,
): void {
  if (!isOwnHost(headers.host))
    throw new Problem(421, 'this console is not known by that host name (REELSTREAM_CONSOLE_HOSTS)', 'Host');
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  // following a link from elsewhere is fine, reading or writing from there is not
  const isVisit = headers['sec-fetch-mode'] === 'navigate';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isVisit)
    throw new Problem(403, 'a page of another place sent this', 'Sec-Fetch-Site');
  if (origin !== undefined && URL.canParse(origin) && new URL(origin).host === headers.host) return;
  if (origin !== undefined) throw new Problem(403, `the page ${origin} is not of this console`, 'Origin');
}
