import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeHostKey, publicPart, readHostKey } from '../../src/machines/host-keys.ts';
import { makeFolder } from '../support/folder.ts';
import { expectGolden } from '../support/golden.ts';
import { needs } from '../support/needs.ts';

const seed = (byte: number): Buffer => Buffer.alloc(32, byte);

describe('a host key', () => {
  it('of a known seed is as in the golden', () => {
    const { privateKey, publicKey } = makeHostKey('a-coreos', seed(7));
    expectGolden('identity/a-coreos_ed25519', privateKey);
    expectGolden('identity/a-coreos_ed25519.pub', `${publicKey}\n`);
  });

  it('is read as it was written, whatever the length of its comment', () => {
    for (let length = 0; length <= 9; length += 1) {
      const key = makeHostKey('n'.repeat(length));
      expect(readHostKey(key.privateKey)).toEqual(key);
    }
  });

  it('is of chance', () => {
    expect(makeHostKey('a').privateKey).not.toBe(makeHostKey('a').privateKey);
  });

  it('of a file with CRLF and without a last line end is given back with LF', () => {
    const key = makeHostKey('a', seed(1));
    expect(readHostKey(key.privateKey.trimEnd().replaceAll('\n', '\r\n'))).toEqual(key);
  });

  it('has a comment of one line', () => {
    const { privateKey } = makeHostKey('a\nssh-rsa evil', seed(1));
    expect(readHostKey(privateKey).publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+ a\?ssh-rsa evil$/);
  });

  it('is a public line without its comment for who compares', () => {
    expect(publicPart(' ssh-ed25519  AAAA  my comment \n')).toBe('ssh-ed25519 AAAA');
  });
});

/** The key's bytes with some of them changed. */
function damaged(change: (blob: Buffer) => Buffer): string {
  const [begin = '', ...rest] = makeHostKey('a-coreos', seed(7)).privateKey.trim().split('\n');
  const blob = change(Buffer.from(rest.slice(0, -1).join(''), 'base64'));
  return `${begin}\n${blob.toString('base64')}\n${rest.at(-1) ?? ''}\n`;
}

describe('a file that is no host key', () => {
  // Made within the test: what fails while a file is read for its tests is no failed test.
  const changed = (change: (key: string) => string) => () => change(makeHostKey('a-coreos', seed(7)).privateKey);
  const broken = (change: (blob: Buffer) => Buffer) => () => damaged(change);
  const text = (from: string, to: string) => (blob: Buffer) =>
    Buffer.from(blob.toString('latin1').replaceAll(from, to), 'latin1');
  const flip = (at: number) => (blob: Buffer) => {
    blob[at] = (blob[at] ?? 0) ^ 1;
    return blob;
  };
  // Where things are: the magic, three strings, a number, the public blob of 4 + 51 bytes, then the private part.
  const PUBLIC = 15 + 8 + 8 + 4 + 4 + 4;
  const SECRET = PUBLIC + 51 + 4;

  it.each([
    ['nothing', () => '', 'it is no OpenSSH private key'],
    ['another PEM', changed((key) => key.replaceAll('OPENSSH ', '')), 'it is no OpenSSH private key'],
    ['half a file', changed((key) => key.slice(0, 150)), 'it is no OpenSSH private key'],
    ['no base64', changed((key) => key.replace('b3Bl', '????')), 'it is no OpenSSH private key'],
    ['another magic', broken(flip(3)), 'it is no OpenSSH private key'],
    ['a passphrase', broken(text('\0\0\0\x04none', '\0\0\0\x04aes!')), 'it has a passphrase'],
    ['two keys', broken(flip(PUBLIC - 5)), 'it holds more than one key'],
    ['another type', broken(text('ssh-ed25519', 'ssh-ed448..')), 'it is no ed25519 key'],
    ['another public key outside', broken(flip(PUBLIC + 30)), 'its public half belongs to another key'],
    ['two different check numbers', broken(flip(SECRET)), 'it is cut short or damaged'],
    ['another public key inside', broken(flip(SECRET + 8 + 15 + 4)), 'its public half belongs to another key'],
    ['another private key', broken(flip(SECRET + 8 + 15 + 36 + 4)), 'its public half belongs to another key'],
    ['a cut blob', broken((blob) => blob.subarray(0, -20)), 'it is no ed25519 key'],
  ])('%s is refused', (_what, file, message) => {
    const key = file();
    expect(() => readHostKey(key)).toThrow(expect.objectContaining({ code: 'broken', message }));
  });
});

needs({ commands: ['ssh-keygen'] }).describe("OpenSSH's ssh-keygen", () => {
  it('reads our key, and says the same public key', () => {
    const key = makeHostKey('a-coreos');
    const dir = makeFolder();
    const file = join(dir, 'key');
    writeFileSync(file, key.privateKey, { mode: 0o600 });
    expect(execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).trim()).toBe(key.publicKey);
    writeFileSync(`${file}.pub`, `${key.publicKey}\n`);
    expect(execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`], { encoding: 'utf8' })).toMatch(
      /^256 SHA256:\S+ a-coreos \(ED25519\)\n$/,
    );
  });

  it('writes a key that we read', () => {
    const file = join(makeFolder(), 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'of old', '-f', file]);
    const text = readFileSync(file, 'utf8');
    expect(readHostKey(text)).toEqual({
      privateKey: text,
      publicKey: readFileSync(`${file}.pub`, 'utf8').trim(),
    });
  });

  it('writes keys that we refuse: another kind, one with a passphrase', () => {
    for (const [kind, passphrase, message] of [
      ['ecdsa', '', 'it is no ed25519 key'],
      ['ed25519', 'secret', 'it has a passphrase'],
    ] as const) {
      const file = join(makeFolder(), 'key');
      execFileSync('ssh-keygen', ['-q', '-t', kind, '-N', passphrase, '-a', '1', '-f', file]);
      expect(() => readHostKey(readFileSync(file, 'utf8'))).toThrow(message);
    }
  });
});
