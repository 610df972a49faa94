import { expect, it } from 'vitest';
import { LONGEST_TEXT, parseMessage, type SyslogMessage } from '../../src/syslog/message.ts';

const read = (text: string | Buffer) => parseMessage(Buffer.from(text as string));

const MESSAGES: readonly (readonly [string, string, SyslogMessage | undefined])[] = [
  // Seen from logger 2.38.1.
  [
    'logger --rfc5424',
    '<13>1 2026-11-30T19:02:11.512263+00:00 w1 root - - [timeQuality tzKnown="1" isSynced="0"] hello there',
    { severity: 5, host: 'w1', program: 'root', text: 'hello there' },
  ],
  [
    'logger --rfc3164',
    '<13>Nov 30 19:02:11 w1 root: hello',
    { severity: 5, host: 'w1', program: 'root', text: 'hello' },
  ],
  // Seen from the syslogd of Debian 12's installer.
  [
    'busybox',
    '<29>Nov 30 19:02:11 anna[312]: WARNING **: no',
    { severity: 5, program: 'anna', text: 'WARNING **: no' },
  ],
  [
    'its kernel',
    '<6>Nov 30 19:02:11 kernel: [    0.0] Linux',
    { severity: 6, program: 'kernel', text: '[    0.0] Linux' },
  ],
  ['journalctl -o short', 'Nov 30 19:02:11 w1 sshd[7]: up', { host: 'w1', program: 'sshd', text: 'up' }],
  ['a unit with brackets', 'Nov  1 09:02:11 w1 (sd-pam)[7]: x', { host: 'w1', program: '(sd-pam)', text: 'x' }],
  ['rsyslog', '<30>2026-11-30T19:02:11.5Z w1 dnf[1]: a: b', { severity: 6, host: 'w1', program: 'dnf', text: 'a: b' }],
  ['no fields but the form', '<165>1 - - - - - -', undefined],
  ['no message', '<165>1 - w1 app - - -', { severity: 5, host: 'w1', program: 'app', text: '' }],
  [
    'a byte order mark',
    '<0>1 - - app 1 ID - \ufeffgr\u00fc\u00df',
    { severity: 0, program: 'app', text: 'gr\u00fc\u00df' },
  ],
  [
    'brackets and quotes in the data',
    String.raw`<191>1 2003-10-11T22:14:15.003Z h a - - [x@1 k="]\"\\"][y z=""] text`,
    { severity: 7, host: 'h', program: 'a', text: 'text' },
  ],
  ['data that do not end', '<13>1 - h a - - [x k="y text', { severity: 5, text: '1 - h a - - [x k="y text' }],
  ['a priority that is none', '<192>kernel: x', { program: 'kernel', text: 'x' }],
  ['a long one', '<9999>x', { text: '<9999>x' }],
  ['only a priority', '<13>', undefined],
  ['nothing', '', undefined],
  ['white space', ' \r\n\0 ', undefined],
  ['a plain line', 'hello: there', { text: 'hello: there' }],
  ['a line after a time', 'Nov 30 19:02:11 some words, no tag', { text: 'some words, no tag' }],
  ['colours', '<13>app: \u001b[1;31mred\u001b[0m', { severity: 5, program: 'app', text: 'red' }],
  [
    'what moves the cursor',
    '<13>app: a\u001b]0;x\u0007b\rc\u0085d\u2028e',
    { severity: 5, program: 'app', text: 'a ]0;x b c d e' },
  ],
  ['what turns the text round', '<13>app: a\u202eb', { severity: 5, program: 'app', text: 'a b' }],
  ['the mark of Arabic, too', '<13>app: a\u061cb', { severity: 5, program: 'app', text: 'a b' }],
  ['two lines in one', '<13>app: a\nb', { severity: 5, program: 'app', text: 'a b' }],
];

it.each(MESSAGES)('%s', (_name, text, message) => {
  expect(read(text)).toEqual(message);
});

it('what is no UTF-8 is shown as such', () => {
  const bytes = Buffer.concat([Buffer.from('<13>app: a'), Buffer.from([0xff, 0xc3]), Buffer.from('b')]);
  expect(read(bytes)).toEqual({ severity: 5, program: 'app', text: 'a\ufffd\ufffdb' });
});

it('a message of 64 KiB is cut, and says how long it was', () => {
  const text = read(`<13>app: ${'x'.repeat(65_000)}`)?.text ?? '';
  expect(text).toBe(`${'x'.repeat(LONGEST_TEXT)} ... (65009 bytes in all)`);
});

it('a cut halves no character', () => {
  const text = read(`<13>app: ${'x'.repeat(LONGEST_TEXT - 1)}\u{1f600}${'x'.repeat(99)}`)?.text ?? '';
  expect(text.slice(0, LONGEST_TEXT + 4)).toBe(`${'x'.repeat(LONGEST_TEXT - 1)} ... `);
});

it('names are cut, too', () => {
  expect(read(`<13>1 - ${'h'.repeat(255)} ${'a'.repeat(255)} - - - x`)).toEqual({
    ...{ severity: 5, host: 'h'.repeat(255), program: 'a'.repeat(64), text: 'x' },
  });
});

it('no bytes make it fail', () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647);
  for (let i = 0; i < 2000; i += 1) {
    const base = Buffer.from(MESSAGES[random() % MESSAGES.length]?.[1] ?? '');
    for (let n = random() % 6; n > 0 && base.length > 0; n -= 1) base[random() % base.length] = random() % 256;
    const message = parseMessage(base);
    expect(message?.text ?? '').not.toMatch(/\p{Cc}/u);
  }
});
