import { decodeSegments } from '../http/target.ts';

/** What a path below /discovery/ names. */
export type DiscoveryPath =
  | { readonly kind: 'new' }
  /** Every token: for operators. */
  | { readonly kind: 'all' }
  | { readonly kind: 'token'; readonly token: string; readonly form: DiscoveryForm }
  | { readonly kind: 'size'; readonly token: string; readonly form: DiscoveryForm }
  | { readonly kind: 'member'; readonly token: string; readonly id: string }
  | { readonly kind: 'unknown' };

/** The two spellings of a discovery URL; a cluster's members must all use one of them. */
export type DiscoveryForm = '/discovery/' | '/v2/keys/discovery/';

const FORMS: readonly DiscoveryForm[] = ['/discovery/', '/v2/keys/discovery/'];

/** Undefined for a path that is none of ours. A slash at the end is etcd's when its URL has one: it changes nothing. */
export function discoveryPath(path: string): DiscoveryPath | undefined {
  const form = FORMS.find((prefix) => path.startsWith(prefix));
  if (form === undefined) return undefined;
  if (path === '/discovery/') return { kind: 'all' };
  const [token, ...rest] = decodeSegments(path.slice(form.length).replace(/\/$/, '')) ?? [];
  if (token === undefined || rest.length > 2) return { kind: 'unknown' };
  const [id, leaf] = rest;
  if (id === undefined) return token === 'new' ? { kind: 'new' } : { kind: 'token', token, form };
  if (id === '_config') return leaf === 'size' ? { kind: 'size', token, form } : { kind: 'unknown' };
  return leaf === undefined && !id.startsWith('_') ? { kind: 'member', token, id } : { kind: 'unknown' };
}
