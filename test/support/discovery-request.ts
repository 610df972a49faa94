import { memberId } from '../../src/etcd/members.ts';

/** What a member called `name` at `10.0.1.N` sends when it was given `url`. */
export function words(url: string, n: number, name = `infra${n}`): { readonly id: string; readonly value: string } {
  const peer = `http://10.0.1.${n}:2380`;
  return { id: memberId([peer], url), value: `${name}=${peer}` };
}
