import { expect, test } from 'vitest';
import { isSame } from '../../src/journal/same-event.ts';
import { dhcp, document, image, installed, operator, phoneHome, refused, script, T, tftp } from './stand.ts';

const ALL = [
  dhcp(T, 1),
  tftp(T, 1),
  script(T, 1, 'boot'),
  image(T, 1),
  document(T, 1),
  refused(T, 1),
  phoneHome(T, 1),
  installed(T, 1),
  operator(T, 1, 'adopt'),
];

test('the same again, a moment later', () => {
  const repeatable = ALL.slice(0, 6);
  for (const event of repeatable) expect(isSame(event, { ...event, at: T + 1 })).toBe(true);
});

test('a report and an act of an operator are never the same again', () => {
  for (const event of ALL.slice(6)) expect(isSame(event, { ...event })).toBe(false);
});

test('nothing is the same as another kind', () => {
  for (const a of ALL) for (const b of ALL) if (a !== b) expect(isSame(a, b)).toBe(false);
});

test.each([
  ['dhcp', { file: 'ipxe.efi' }],
  ['dhcp', { client: 'UEFI' }],
  ['dhcp', { silence: 'it boots its disk' }],
  ['tftp', { file: 'ipxe.efi' }],
  ['tftp', { end: 'aborted' }],
  ['script', { body: Buffer.from('#!ipxe\n# boot\n') }],
  ['script', { decision: { outcome: 'boot', because: 'x' } }],
  ['script', { from: '10.0.0.9' }],
  ['file', { file: 'b' }],
  ['file', { status: 206 }],
  ['file', { complete: false }],
  ['document', { source: 'b' }],
  ['document', { body: Buffer.from('#cloud-config\n') }],
  ['document', { from: '10.0.0.9' }],
  ['refused', { what: '/' }],
  ['refused', { status: 404 }],
  ['refused', { message: 'x' }],
] as const)('%s: %o makes another one of it', (kind, change) => {
  const event = ALL.find((one) => one.kind === kind);
  if (event === undefined) expect.fail('no such event');
  expect(isSame(event, { ...event, ...change })).toBe(false);
});
