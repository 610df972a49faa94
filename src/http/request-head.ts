/** What the doors need to know of the header lines before anything else. */
export interface RequestHead {
  /** Undefined when the request has none (HTTP/1.0). */
  readonly host: string | undefined;
  /** How many Host lines there were: more than one is request smuggling (RFC 9112, 3.2). */
  readonly hosts: number;
  readonly userAgent: string;
}

/** One pass over the raw lines: `req.headers` would build an object for each request, and hides a second Host. */
export function readHead(rawHeaders: readonly string[]): RequestHead {
  let host: string | undefined;
  let hosts = 0;
  let userAgent = '';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') {
      host ??= rawHeaders[i + 1];
      hosts += 1;
    } else if (name.length === 10 && userAgent === '' && name.toLowerCase() === 'user-agent') {
      userAgent = rawHeaders[i + 1] ?? '';
    }
  }
  return { host, hosts, userAgent };
}

/** Who asks, as far as answers differ by it. gPXE is iPXE's predecessor in old network cards. */
export type Agent = 'ipxe' | 'uefi' | 'other';

export function agentOf(userAgent: string): Agent {
  if (userAgent.startsWith('iPXE/') || userAgent.startsWith('gPXE/')) return 'ipxe';
  return userAgent.startsWith('UefiHttpBoot') ? 'uefi' : 'other';
}
