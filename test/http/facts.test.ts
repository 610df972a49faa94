import { expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { factsFromQuery, factsFromSegment, macFromText } from '../../src/http/facts.ts';
import { parseQuery } from '../../src/http/query.ts';

const facts = (query: string): unknown => factsFromQuery(parseQuery(query));

function failure(query: string): Failure {
  try {
    facts(query);
  } catch (error) {
    if (error instanceof Failure) return error;
  }
  throw new Error(`no Failure for ${query}`);
}

test('everything that a machine can say', () => {
  expect(
    facts(
      'mac=52-54-00-55-1C-EE&uuid=C6C30F6A-4A1B-4337-8325-C4C2543AD437&serial=S1&hostname=h&asset=a&manufacturer=QEMU&' +
        'product=PC%20(i440FX)&arch=x86_64&platform=efi',
    ),
  ).toEqual({
    mac: '52:54:00:55:1c:ee',
    uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437',
    serial: 'S1',
    hostname: 'h',
    asset: 'a',
    manufacturer: 'QEMU',
    product: 'PC (i440FX)',
    arch: 'x86_64',
    platform: 'efi',
  });
});

test("matchbox's clients", () => {
  expect(facts('uuid=&mac=52-54-00-55-1c-ee&domain=lan&hostname=a&serial=')).toEqual({
    mac: '52:54:00:55:1c:ee',
    hostname: 'a',
  });
});

test.each(['52:54:00:55:1c:ee', '52-54-00-55-1C-EE', '5254.0055.1cee', '525400551cee', '52%3A54%3a00:55:1c:ee'])(
  'mac %s',
  (mac) => {
    expect(facts(`mac=${mac}`)).toEqual({ mac: '52:54:00:55:1c:ee' });
  },
);

test("case 14-bootif-mac: BOOTIF and pxelinux put Ethernet's type in front", () => {
  for (const mac of ['01-52-54-00-BB-00-11', '01:52:54:00:bb:00:11', '01%3A52:54:00:bb:00:11']) {
    expect(facts(`mac=${mac}`), mac).toEqual({ mac: '52:54:00:bb:00:11' });
    expect(factsFromSegment(mac), mac).toEqual({ mac: '52:54:00:bb:00:11' });
  }
  expect(failure('mac=01-garbage').message).toContain('"01-garbage" is not a MAC address');
});

test.each([
  ['x86_64', 'x86_64'],
  ['amd64', 'x86_64'],
  ['X86-64', 'x86_64'],
  ['i686', 'i386'],
  ['i386', 'i386'],
  ['aarch64', 'arm64'],
  ['arm', 'arm32'],
])('arch %s is %s', (word, arch) => {
  expect(facts(`arch=${word}`)).toEqual({ arch });
});

test('an arch that is none is said', () => {
  expect(failure('arch=z80')).toMatchObject({ remedy: 'one of i386, x86_64, arm32, arm64' });
});

test('a machine as a segment of a path', () => {
  const uuid = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';
  expect(factsFromSegment('52-54-00-55-1C-EE')).toEqual({ mac: '52:54:00:55:1c:ee' });
  expect(factsFromSegment('52%3A54%3A00%3A55%3A1c%3Aee')).toEqual({ mac: '52:54:00:55:1c:ee' });
  expect(factsFromSegment(uuid)).toEqual({ uuid });
  expect(factsFromSegment(`mac=525400551cee&uuid=${uuid}`)).toEqual({ mac: '52:54:00:55:1c:ee', uuid });
  expect(factsFromSegment('serial=SN%2F77')).toEqual({ serial: 'SN/77' });
  for (const wrong of ['', 'SN77', '%zz', '00000000-0000-0000-0000-000000000000', 'mac=1', 'a[b]=1']) {
    expect(() => factsFromSegment(wrong), wrong).toThrow(Failure);
  }
});

test('empty is absent, and so is a UUID that identifies nobody', () => {
  expect(facts('mac=&uuid=&serial=&arch=&platform=&product=%20')).toEqual({});
  expect(facts('uuid=00000000-0000-0000-0000-000000000000')).toEqual({});
});

test('an own key named __proto__ is not the prototype', () => {
  const got = factsFromQuery(parseQuery('__proto__=1&mac=525400551cee'));
  expect(Object.getPrototypeOf(got)).toBe(Object.prototype);
  expect(Object.keys(got)).toEqual(['mac']);
});

test.each([
  ['mac=52:54:00:55:1c', 'mac'],
  ['mac=52:54:00:55:1c:ee:00', 'mac'],
  ['mac=aaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'mac'],
  ['mac=52:54:00:55:1c:eg', 'mac'],
  ['mac=%zz', 'mac'],
  ['uuid=c6c30f6a', 'uuid'],
  ['uuid=c6c30f6a-4a1b-4337-8325-c4c2543ad437%0a', 'uuid'],
  ['arch=sparc', 'arch'],
  ['arch=%', 'arch'],
  ['platform=bios', 'platform'],
])('%s is refused by its key', (query, key) => {
  const found = failure(query);
  expect(found.code).toBe('invalid');
  expect(found.message.startsWith(`${key}: `)).toBe(true);
  expect(found.remedy).toBeTruthy();
});

const FREE_TEXT = ['serial', 'hostname', 'asset', 'manufacturer', 'product'];

test.each(FREE_TEXT)('%s: control characters and too much of it are refused', (key) => {
  for (const bad of ['a%0ab', 'a%0d', '%00', '%1b[31m', 'a%09%26%26', '%7f']) {
    expect(failure(`${key}=${bad}`).message, bad).toBe(`${key} has a control character`);
  }
  expect(failure(`${key}=${'x'.repeat(257)}`).message).toBe(`${key} is longer than 256 bytes`);
  expect(failure(`${key}=${'%c3%a4'.repeat(129)}`).message).toBe(`${key} is longer than 256 bytes`);
});

test.each(FREE_TEXT)('%s: what would be live in a script is not', (key) => {
  expect(facts(`${key}=%24%7Bx%7D%20%26%26%20shell%20%23%20%5C`)).toEqual({ [key]: '__x_ __ shell _ _' });
  expect(facts(`${key}=100%25%b%`)).toEqual({ [key]: '100%%b%' });
  expect(facts(`${key}=%FFFFFFEE`)).toEqual({ [key]: '_FFFFEE' });
  expect(facts(`${key}=${'x'.repeat(256)}`)).toEqual({ [key]: 'x'.repeat(128) });
});

test('a malformed MAC is refused quickly', () => {
  const before = performance.now();
  expect(() => macFromText(`${'aa:'.repeat(1000)}!`)).toThrow(/is not a MAC address/);
  expect(performance.now() - before).toBeLessThan(50);
});
