declare const brand: unique symbol;

/** Where answers point to: `http://host:port` with an optional path, no slash at the end, safe in an iPXE script. */
export type Origin = string & { readonly [brand]: 'Origin' };

const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?`;
const AUTHORITY = new RegExp(`^${HOST}$`);
const WHOLE = new RegExp(String.raw`^(https?)://${HOST}(?:/[A-Za-z0-9._~/-]*)?$`);

/** A Host header's value; undefined when it is anything but a host and an optional port. */
export function originFromHost(host: string): Origin | undefined {
  return AUTHORITY.test(host) ? (`http://${host}` as Origin) : undefined;
}

/** A configured base URL. Without a scheme it is http: coreos-ipxe-server's setting was `host:port`. */
export function parseOrigin(text: string): Origin | undefined {
  const url = text.includes('://') ? text : `http://${text}`;
  return WHOLE.test(url) ? (url.replace(/\/+$/, '') as Origin) : undefined;
}
