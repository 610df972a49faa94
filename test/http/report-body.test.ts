import { describe, expect, it } from 'vitest';
import { saidIn } from '../../src/http/reports.ts';

const ED = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${'I'.repeat(40)}`;
const RSA = `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB${'g+/'.repeat(100)}==`;
const EC = `ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAA${'x'.repeat(20)}=`;

function said(text: string): Readonly<Record<string, string>> {
  return saidIn(Buffer.from(text));
}

/** As cloud-init's phone_home sends it (Python's urlencode). */
function form(values: Readonly<Record<string, string>>): string {
  return new URLSearchParams(values).toString();
}

describe('what a machine says of itself', () => {
  it("is cloud-init's form", () => {
    const all = {
      pub_key_rsa: `${RSA} root@a`,
      pub_key_ecdsa: EC,
      pub_key_ed25519: `${ED} root@a\n`,
      instance_id: 'pilotlight-52-54-00-55-1c-ee',
      hostname: 'a',
      fqdn: 'a.lan',
    };
    expect(said(form(all))).toEqual({ ...all, pub_key_rsa: RSA, pub_key_ed25519: ED });
  });

  it('is JSON, or nothing', () => {
    expect(said('{"hostname": "a", "fqdn": null, "instance_id": {"x": 1}}')).toEqual({ hostname: 'a' });
    expect(said(' {"hostname": "a"}\n')).toEqual({ hostname: 'a' });
    for (const text of ['', '{', '[]', 'null', '{}', '%', '=&=&', '\u0000']) expect(said(text), text).toEqual({});
    expect(saidIn(Buffer.from([0xff, 0xfe, 0x00]))).toEqual({});
  });

  it('is cleaned and short', () => {
    expect(said(form({ hostname: '<script>${x}</script>' }))).toEqual({ hostname: '_script___x__/script_' });
    expect(said(form({ hostname: 'a\nb' }))).toEqual({});
    expect(said(form({ hostname: 'x'.repeat(300) }))).toEqual({});
    expect(said(form({ hostname: 'x'.repeat(200) }))['hostname']).toHaveLength(128);
    expect(said(form({ hostname: 'N/A', fqdn: '' }))).toEqual({});
  });

  it('keeps no word that it does not know', () => {
    const odd = { password: 'x', pub_key_dsa: ED, __proto__: 'x', constructor: 'x', hostname: 'a' };
    expect(Object.keys(said(form(odd)))).toEqual(['hostname']);
    expect(said('{"__proto__": {"hostname": "x"}, "constructor": "y"}')).toEqual({});
  });

  it.each([
    'N/A',
    'ssh-rsa',
    'ssh-rsa AAAA',
    'ssh-dss AAAAB3NzaC1kc3MAAACBAOqq8y8QpZyq',
    `ssh-rsa ${'B'.repeat(60)}`,
    `<b>${ED}`,
    `ssh-ed25519 AAAA${'I'.repeat(1100)}`,
    `command="x" ${ED}`,
  ])('keeps no key that is none: %s', (key) => {
    expect(said(form({ pub_key_rsa: key, hostname: 'a' }))).toEqual({ hostname: 'a' });
  });
});
