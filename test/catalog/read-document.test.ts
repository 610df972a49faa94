import { expect, test } from 'vitest';
import { readDocument, readKey } from '../../src/catalog/read-document.ts';
import { lines } from './data-folder.ts';

const BYTES = Buffer.from('#cloud-config\n');

test('a document is known by its name without .hbs', () => {
  expect(readDocument('configs/a.yml', BYTES, 7).thing).toEqual({
    fileName: 'a.yml',
    name: 'a.yml',
    file: 'configs/a.yml',
    template: false,
    bytes: BYTES,
    mtimeMs: 7,
  });
  expect(readDocument('configs/w.ign.hbs', BYTES, 7).thing).toMatchObject({
    name: 'w.ign',
    fileName: 'w.ign.hbs',
    template: true,
  });
});

test('a document is delivered as it is: empty, binary, anything', () => {
  expect(readDocument('configs/e', Buffer.alloc(0), 0).thing?.bytes).toHaveLength(0);
  expect(readDocument('configs/b', Buffer.from([0, 255, 10]), 0).thing?.bytes).toEqual(Buffer.from([0, 255, 10]));
});

test.each(['configs/my doc .yml/x/y', 'configs/.hbs', 'configs/a..b', 'configs/é'])(
  '%s cannot be named: a warning',
  (file) => {
    const { thing, problems } = readDocument(file, BYTES, 0);
    expect(thing).toBeUndefined();
    expect(problems).toMatchObject([{ severity: 'warning', place: { file } }]);
  },
);

test('a key is its text without white space at its ends', () => {
  const { thing, problems } = readKey('sshkeys/core.pub', Buffer.from('\uFEFF ssh-rsa AAAAB3N... core@box\r\n'));
  expect(thing).toEqual({ name: 'core', file: 'sshkeys/core.pub', text: 'ssh-rsa AAAAB3N... core@box' });
  expect(problems).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('not an SSH public key') as string },
  ]);
});

const ED = 'AAAAC3NzaC1lZDI1NTE5AAAAIJyX5qfGkVfJgS3i0GJvRk7F0cDk6eqPZlJm5wYyq0bT';

test.each([`ssh-ed25519 ${ED}`, `ssh-ed25519 ${ED} jürgen@host`, `no-pty,no-X11-forwarding ssh-ed25519 ${ED}`])(
  '%j is an SSH public key',
  (text) => {
    expect(readKey('sshkeys/k.pub', Buffer.from(text)).problems).toEqual([]);
  },
);

test.each([
  'hello',
  '<html>404</html>',
  'ssh-rsa',
  'ssh-rsa AAAA',
  `ssh-rsa ${ED}`,
  `ssh-ed25519 ${ED.slice(4)}`,
  ED,
  'ssh-ed25519 !!!!',
])('%j is none: a warning, and it is in force', (text) => {
  const { thing, problems } = readKey('sshkeys/k.pub', Buffer.from(text));
  expect(thing?.text).toBe(text);
  expect(lines(problems)).toEqual([expect.stringMatching(/^sshkeys\/k\.pub:1:1: is not an SSH public key/)]);
});

test.each(['ssh-ed25519 AAAA jürgen@host', 'ssh-rsa AAAA a#b', 'ssh-rsa AAAA $x {y}', 'ssh-rsa AAAA p&&q'])(
  '%j is harmless',
  (text) => {
    expect(readKey('sshkeys/k.pub', Buffer.from(text)).thing?.text).toBe(text);
  },
);

test.each([
  ['', '1:1', 'is empty'],
  [' \n', '1:1', 'is empty'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n', '1:1', 'is a private key'],
  ['\n\nssh-rsa A\n \n  ssh-rsa B', '5:3', 'holds more than one line'],
  ['ssh-rsa A\rB', '1:11', 'holds more than one line'],
  ['ssh-rsa A\tB', '1:10', 'holds unprintable characters'],
  ['ssh-rsa A\u0000', '1:10', 'holds unprintable characters'],
  ['ssh-rsa A\u001b[2J', '1:10', 'holds unprintable characters'],
  ['ssh-rsa A \u202ex', '1:11', 'holds unprintable characters'],
  [Buffer.from([0x73, 0xc0, 0xae]), '1:2', 'holds unprintable characters'],
  [' \u201cssh-rsa A\u201d', '1:2', 'begins with a quote'],
  ['ssh-rsa A "x"', '1:11', 'holds a double quote, which ends the key in the boot script'],
  ['ssh-rsa A ${net0/mac}', '1:11', 'holds ${, which iPXE would expand'],
  ['ssh-rsa A #1 x', '1:11', 'holds a word that begins with #: iPXE drops the rest of the line'],
  ['#ssh-rsa A', '1:1', 'holds a word that begins with #: iPXE drops the rest of the line'],
  ['ssh-rsa A && reboot', '1:11', 'holds a stand-alone ; && or ||, which ends the command in iPXE'],
  ['ssh-rsa A ;', '1:11', 'holds a stand-alone ; && or ||, which ends the command in iPXE'],
  ['ssh-rsa A\\', '1:10', 'ends with a backslash'],
])('the key %j is refused at %s: %s', (text, place, message) => {
  const { thing, problems } = readKey('sshkeys/k.pub', Buffer.from(text));
  expect(thing).toBeUndefined();
  expect(lines(problems)[0]).toContain(`sshkeys/k.pub:${place}: ${message} (`);
});

test('a key that cannot be named is left out with a warning', () => {
  expect(readKey('sshkeys/a (2).pub', Buffer.from('ssh-rsa A')).problems).toMatchObject([{ severity: 'warning' }]);
});
