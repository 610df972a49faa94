import type { IncomingHttpHeaders } from 'node:http';
import type { Origin } from '../../model/origin.ts';

/**
 * What browsers say about where a request comes from, for requests that change something. True when they say nothing
 * (programs, old browsers): the CSRF token and the cookie's SameSite=Strict stand as well.
 */
export function isOwnRequest(headers: IncomingHttpHeaders, baseUrl: Origin | undefined): boolean {
  const site = headers['sec-fetch-site'];
  // `none`: the person did it, not a page (Fetch Metadata, 2.3). Sent to https and to localhost only.
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (headers.origin === undefined) return true;
  // A proxy may ask us by another name than the browser asked it; the base URL is the one that the operator gave it.
  return isOrigin(headers.origin, headers.host) || isOrigin(headers.origin, hostOf(baseUrl));
}

/** The scheme is left out: behind a proxy that speaks TLS, only the browser knows it. */
function isOrigin(origin: string, host: string | undefined): boolean {
  const [, scheme, asked] = /^(https?):\/\/([^/?#@\s]+)$/i.exec(origin) ?? [];
  if (scheme === undefined || asked === undefined || host === undefined) return false;
  return bare(asked, scheme) === bare(host, scheme);
}

/** Without the port that the scheme means anyway. */
function bare(host: string, scheme: string): string {
  const port = scheme.toLowerCase() === 'https' ? ':443' : ':80';
  const lower = host.toLowerCase();
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}

function hostOf(baseUrl: Origin | undefined): string | undefined {
  return baseUrl === undefined ? undefined : /^https?:\/\/([^/]+)/.exec(baseUrl)?.[1];
}
