import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { canaryPrinted, readConsole } from './lab-console.ts';

const sum = (text: string): string => createHash('sha256').update(text).digest('hex');

function printed(document: string, hash = sum(document)): Buffer {
  const end = document.endsWith('\n') ? '' : '\n';
  const lines =
    `\u001b[1miPXE\u001b[0m 1.0.0\n` +
    `E2E START 6.1.0\nE2E CMDLINE a=1 cloud-config-url=http://h/c x\nE2E MAC 52:54:00:55:1c:ee\n` +
    `E2E CONFIG-BEGIN cloud-config-url http://h/c\n${document}${end}` +
    `E2E CONFIG-END cloud-config-url sha256=${hash} bytes=${Buffer.byteLength(document)}\nE2E BOOT-OK\n`;
  return Buffer.from(lines.replaceAll('\n', '\r\n'));
}

test('reads command line, mac and the document byte for byte', () => {
  const report = readConsole(printed('#cloud-config\nhostname: ä\n'));
  expect(report).toMatchObject({
    cmdline: 'a=1 cloud-config-url=http://h/c x',
    mac: '52:54:00:55:1c:ee',
    booted: true,
  });
  expect(report.documents).toEqual([
    { word: 'cloud-config-url', url: 'http://h/c', bytes: Buffer.from('#cloud-config\nhostname: ä\n') },
  ]);
  expect(report.text.startsWith('iPXE 1.0.0\n')).toBe(true);
});

test.each(['no last newline', '', 'crlf\r\nlines\r\n'])('keeps the bytes of %j', (document) => {
  expect(readConsole(printed(document)).documents[0]?.bytes.toString()).toBe(document);
});

test('a document that arrived damaged is an error', () => {
  expect(() => readConsole(printed('abc\n', sum('abd\n')))).toThrow(/http:\/\/h\/c: printed with sha256/);
});

test('a console without a kernel', () => {
  expect(readConsole(Buffer.from('No bootable device.\r\n'))).toEqual({
    text: 'No bootable device.\n',
    cmdline: undefined,
    mac: undefined,
    documents: [],
    booted: false,
  });
});

test('the canary begins a line', () => {
  expect(canaryPrinted('serial: x _ echo INJECTED\n')).toBe(false);
  expect(canaryPrinted('a\n INJECTED" and more\nb')).toBe(true);
});
