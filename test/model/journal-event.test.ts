import { describe, expect, it } from 'vitest';
import { hidePrivateKeys } from '../../src/model/journal-event.ts';
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
    expect(hide(Buffer.from(privateKey).toString('base64'))).toMatch(/^LS0tLS1CRUdJTiBPUEVOU1NI\S+ \(left out\) $/);
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
