import { describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { gzipBase64 } from '../../src/model/text.ts';
import { hidePrivateKeys } from '../../src/model/redact.ts';
import { makeHostKey } from '../../src/machines/host-keys.ts';

const { privateKey, publicKey } = makeHostKey('a', Buffer.alloc(32, 7));
const secret = privateKey.split('\n').slice(1, -2);
const hide = (text: string): string => Buffer.from(hidePrivateKeys(Buffer.from(text))).toString();

describe('a private key in a document', () => {
  it.each([
    ['as text in YAML', `#cloud-config\nkey: |\n  ${privateKey.replaceAll('\n', '\n  ')}\nnext: "ü"\n`],
    ['in JSON', JSON.stringify({ key: privateKey, next: 'ü' })],
    ['in a data URL', JSON.stringify({ source: `data:;base64,${Buffer.from(privateKey).toString('base64')}`, n: 'ü' })],
    ['twice', `${privateKey}ü${privateKey}`],
    ['cut off', `ü ${privateKey.slice(0, 120)}`],
  ])('is left out: %s', (_what, text) => {
    const shown = hide(text);
    expect(shown).toContain('(left out)');
    expect(shown).toContain('ü');
    for (const line of secret) expect(shown).not.toContain(line.slice(0, 20));
    expect(shown).not.toContain(Buffer.from(privateKey).toString('base64').slice(60, 90));
    // What is around it is whole.
    if (text.startsWith('{')) expect(() => JSON.parse(shown) as unknown).not.toThrow();
  });

  it('is found at any place of its base64 that a template can make', () => {
    for (const before of ['', 'x', 'xx', 'xxx']) {
      const shown = hide(`key: ${Buffer.from(`${before}${privateKey}`).toString('base64')}\nnext: ü\n`);
      expect(shown).toMatch(/^key: [A-Za-z0-9+/]{12} \(left out\) \nnext: ü\n$/);
    }
  });

  const packed = gzipBase64(privateKey);
  const whole = JSON.stringify({ files: [{ contents: { source: `data:;base64,${packed}` } }] });
  const lines = packed.replaceAll(/.{60}/g, '$&\n      ');
  it.each([
    ['gzip as base64 (write_files)', `write_files:\n  - encoding: gzip+base64\n    content: ${packed}\nnext: ü\n`],
    ['gzip as base64 on lines of its own', `content: !!binary |\n      ${lines}\nnext: ü\n`],
    ['gzip as base64 with escaped line ends', JSON.stringify({ a: packed.replaceAll(/.{60}/g, '$&\n'), next: 'ü' })],
    ['a gzip data URL (Ignition)', `{"source": "data:;base64,${packed}", "compression": "gzip", "next": "ü"}`],
    ['a document in a document', `merge: ${gzipBase64(whole)}\nnext: ü\n`],
    ['a percent-encoded data URL', `{"source": "data:,${encodeURIComponent(privateKey)}", "next": "ü"}`],
    ['base64 in base64', `a: ${gzipBase64(`b: ${Buffer.from(privateKey).toString('base64')}`)}\nnext: ü\n`],
  ])('is left out where it is packed: %s', (_what, text) => {
    const shown = hide(text);
    expect(shown).toContain('(left out)');
    expect(shown).toContain('next');
    expect(shown).toContain('ü');
    expect(shown.replaceAll(/\s|\\n/g, '')).not.toContain(packed.slice(40, 80));
    expect(shown.length).toBeLessThan(200);
  });

  it.each(['RSA ', 'EC ', 'DSA ', 'ENCRYPTED ', ''])('is left out whatever its kind: %s', (kind) => {
    const text = `-----BEGIN ${kind}PRIVATE KEY-----\nc2VjcmV0\n-----END ${kind}PRIVATE KEY-----\n`;
    expect(hide(`a: 1\n${text}b: 2\n`)).toBe(`a: 1\n-----BEGIN ${kind}PRIVATE KEY----- (left out) \nb: 2\n`);
  });

  it('a packed document is left out whole, a packed one without a key is not', () => {
    const inner = gzipSync(`#cloud-config\n${privateKey}`);
    expect(Buffer.from(hidePrivateKeys(inner)).toString()).toBe(' (left out) \n');
    const harmless = gzipSync('#cloud-config\n');
    expect(hidePrivateKeys(harmless)).toBe(harmless);
    const text = `content: ${gzipBase64('hello '.repeat(100))}`;
    expect(hide(text)).toBe(text);
  });

  it('what unpacks to more than is looked at is left out, and what is damaged', () => {
    expect(hide(`a: ${gzipBase64(Buffer.alloc(17 * 2 ** 20))}`)).toMatch(/^a: H4sI.{8} \(left out\) $/);
    const noise = `a: H4sI${'abcd'.repeat(20)}`;
    expect(hide(noise)).toBe('a: H4sIabcdabcd (left out) ');
    expect(hide(`a: ${packed.slice(0, -40)}`)).toMatch(/^a: H4sI.{8} \(left out\) $/);
  });

  it('bytes around it that are not UTF-8 stay as they are', () => {
    const body = Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from(privateKey), Buffer.from([0xff])]);
    const shown = Buffer.from(hidePrivateKeys(body));
    expect([shown[0], shown[1], shown.at(-1)]).toEqual([0xff, 0xfe, 0xff]);
    expect(shown.includes(secret[0] ?? '?')).toBe(false);
  });
});

it('a document without one is the same object', () => {
  const body = Buffer.from(`#cloud-config\nkey: ${publicKey}\n`);
  expect(hidePrivateKeys(body)).toBe(body);
});

it('looks at its own part of a larger buffer', () => {
  const around = Buffer.from(`xx${privateKey}yy`);
  expect(Buffer.from(hidePrivateKeys(around.subarray(2, -2))).toString()).toBe(hide(privateKey));
});
