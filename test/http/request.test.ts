import { expect, it, test } from 'vitest';
import { unknownKeys } from '../../src/http/access-log.ts';
import { provisioningFacts, whoFromSegment } from '../../src/http/names.ts';
import {
  decodeStrict,
  decodeTolerant,
  factsFromQuery,
  macFromText,
  parseQuery,
  show,
  strictValue,
  whoFromQuery,
} from '../../src/http/request.ts';
import { Failure } from '../../src/model/failure.ts';
import { contextOf } from '../support/app-context.ts';
import { openContext } from '../support/http-server.ts';

const FILES = {
  'profiles/k.json': {
    system: 'custom',
    kernel: 'http://192.0.2.1/k',
    kickstart: 'k.ks',
    nodes: [
      { name: 'r1', mac: '52:54:00:00:07:03' },
      { name: 'r2', serial: 'SN 2' },
    ],
  },
  'configs/k.ks.hbs': 'network --hostname={{node.hostname}}\n',
};

async function setup(files: object = FILES) {
  const { bootService } = await contextOf(files as typeof FILES);
  const appContext = await openContext(bootService);
  return {
    events: appContext.events,
    get: async (path: string, headers: Readonly<Record<string, string>> = {}) => {
      const answer = await fetch(`http://127.0.0.1:${appContext.port}${path}`, { headers });
      return { status: answer.status, text: await answer.text() };
    },
  };
}

it('case 04-custom-kickstart-never-reaches: sendmac headers name the machine when the query does not', async () => {
  const { get, events } = await setup();
  const mac = { 'X-RHN-Provisioning-MAC-0': 'eth0 52:54:00:00:07:03' };
  expect(await get('/configs/k.ks', mac)).toEqual({ status: 200, text: 'network --hostname=r1\n' });
  expect(events.at(-1)).toMatchObject({ mac: '52:54:00:00:07:03', decision: { node: 'r1' } });
  // A machine has several cards, and the listed one need not be the first.
  const cards = {
    'x-rhn-provisioning-mac-0': 'lo 00:00:00:00:00:01',
    'X-RHN-Provisioning-MAC-1': 'ens3 5254.0000.0703',
  };
  expect((await get('/configs/k.ks', cards)).text).toBe('network --hostname=r1\n');
  expect((await get('/configs/k.ks', { 'X-System-Serial-Number': 'SN 2' })).text).toBe('network --hostname=r2\n');
  // What the query says counts.
  expect((await get('/configs/k.ks?serial=SN%202', mac)).text).toBe('network --hostname=r2\n');
});

it('names that no profile lists and words that are no MAC are as good as none', async () => {
  const { get } = await setup();
  expect((await get('/configs/k.ks')).status).toBe(400);
  expect((await get('/configs/k.ks', { 'X-RHN-Provisioning-MAC-0': 'eth0 nonsense' })).status).toBe(400);
  const unknown = await get('/configs/k.ks', { 'X-RHN-Provisioning-MAC-0': 'eth0 52:54:00:00:00:09' });
  expect(unknown).toMatchObject({ status: 404 });
  expect(unknown.text).toContain('52:54:00:00:00:09');
});

it('the card that a profile lists wins over the default profile', async () => {
  const { get } = await setup({
    ...FILES,
    'profiles/rest.json': { system: 'custom', kernel: 'http://192.0.2.1/k', kickstart: 'k.ks', default: true },
  });
  const cards = {
    'X-RHN-Provisioning-MAC-0': 'a 52:54:00:00:00:09',
    'X-RHN-Provisioning-MAC-1': 'b 52:54:00:00:07:03',
  };
  expect((await get('/configs/k.ks', cards)).text).toBe('network --hostname=r1\n');
  expect((await get('/configs/k.ks', { 'X-RHN-Provisioning-MAC-0': 'a 52:54:00:00:00:09' })).status).toBe(503);
});

it('reads no more headers than a machine has cards', () => {
  const headers = Array.from({ length: 300 }, (_, i) => [`X-RHN-Provisioning-MAC-${i}`, '52:54:00:00:07:03']).flat();
  expect(provisioningFacts(headers)).toHaveLength(32);
  expect(provisioningFacts(['Host', 'a', 'X-RHN-Provisioning-MAC-x', '52:54:00:00:07:03'])).toEqual([]);
});

const MAC = '52:54:00:55:1c:ee';

it.each([
  ['mac=525400551cee', { facts: { mac: MAC } }],
  ['mac=525400551cee&profile=live', { facts: { mac: MAC }, choice: 'live' }],
  ['mac=525400551cee&profile=', { facts: { mac: MAC } }],
  ['mac=525400551cee&profile=..%2Fx', { facts: { mac: MAC } }],
  ['mac=525400551cee&profile=%zz', { facts: { mac: MAC } }],
  ['profile=a%2Bb', { facts: {}, choice: 'a+b' }],
])('%s', (text, who) => {
  expect(whoFromQuery(parseQuery(text))).toEqual(who);
  expect(whoFromSegment(text)).toEqual(who);
});

it('a segment may be a MAC or a UUID, and then nothing was chosen', () => {
  expect(whoFromSegment('52-54-00-55-1c-ee')).toEqual({ facts: { mac: MAC } });
  expect(() => whoFromSegment('profile')).toThrow('MAC');
});

test.each([
  ['plain', 'plain'],
  ['52%3A54', '52:54'],
  ['a+b', 'a+b'],
  ['%c3%a4', 'ä'],
  ['%', undefined],
  ['%zz', undefined],
  ['%e0%a4', undefined],
  ['%c0%ae', undefined],
  ['%ff', undefined],
])('strict: %s', (text, want) => {
  expect(decodeStrict(text)).toBe(want);
});

test.each([
  ['plain', 'plain'],
  ['A%26B', 'A&B'],
  ['100%', '100%'],
  ['%b%zz%41', '%b%zzA'],
  ['%FFFFFFEE', '\ufffdFFFFEE'],
  ['%c3%a4', 'ä'],
  ['%c3', '\ufffd'],
  ['a+b', 'a+b'],
  ['%2541', '%41'],
])('tolerant: %s', (text, want) => {
  expect(decodeTolerant(text)).toBe(want);
});

test('shows only printable ASCII, and not too much of it', () => {
  expect(show('a\u001b[31m\r\nb\u0000ä')).toBe('a?[31m??b??');
  expect(show('x'.repeat(64))).toBe('x'.repeat(64));
  expect(show('x'.repeat(4000))).toBe(`${'x'.repeat(61)}...`);
});

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
    expect(whoFromSegment(mac).facts, mac).toEqual({ mac: '52:54:00:bb:00:11' });
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
  expect(whoFromSegment('52-54-00-55-1C-EE').facts).toEqual({ mac: '52:54:00:55:1c:ee' });
  expect(whoFromSegment('52%3A54%3A00%3A55%3A1c%3Aee').facts).toEqual({ mac: '52:54:00:55:1c:ee' });
  expect(whoFromSegment(uuid).facts).toEqual({ uuid });
  expect(whoFromSegment(`mac=525400551cee&uuid=${uuid}`).facts).toEqual({ mac: '52:54:00:55:1c:ee', uuid });
  expect(whoFromSegment('serial=SN%2F77').facts).toEqual({ serial: 'SN/77' });
  for (const wrong of ['', 'SN77', '%zz', '00000000-0000-0000-0000-000000000000', 'mac=1', 'a[b]=1']) {
    expect(() => whoFromSegment(wrong).facts, wrong).toThrow(Failure);
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
    expect(failure(`${key}=${bad}`), bad).toMatchObject({
      message: `${key} has a control character`,
      remedy: 'send printable text, or leave it out',
    });
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
  expect(performance.now() - before).toBeLessThan(5000);
});

test('keeps known keys, encoded, and forgets the others', () => {
  expect([...parseQuery('mac=52%3A54&serial=a=b&domain=x&profile&__proto__=1&')]).toEqual([
    ['mac', '52%3A54'],
    ['serial', 'a=b'],
    ['profile', ''],
  ]);
});

test('an encoded key is the same key', () => {
  expect(parseQuery('m%61c=1').get('mac')).toBe('1');
});

test.each(['mac=1&mac=2', 'mac=1&m%61c=1', 'serial=&serial=', 'profile=a&profile=b', 'name=a&name=a'])(
  'a known key twice: %s',
  (text) => {
    expect(() => parseQuery(text)).toThrow(/is given more than once/);
  },
);

test('an unknown key twice is nobody’s business', () => {
  expect(parseQuery('x=1&x=2').size).toBe(0);
});

test.each(['profile[x]=1', '__proto__[x]=1', 'constructor[prototype][x]=1', 'a%5Bb%5D=1', 'mac]=1', 'mac[=1'])(
  'brackets: %s',
  (text) => {
    expect(() => parseQuery(text)).toThrow(/has brackets/);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  },
);

test('32 keys are enough', () => {
  const keys = (count: number): string => Array.from({ length: count }, (_, i) => `k${i}=1`).join('&');
  expect(parseQuery(keys(32)).size).toBe(0);
  expect(() => parseQuery(keys(33))).toThrow(/more than 32 keys/);
  expect(() => parseQuery(keys(1900))).toThrow(/more than 32 keys/);
});

test('a strict value is well encoded or refused by its key', () => {
  expect(strictValue(parseQuery('mac=a%3ab'), 'mac')).toBe('a:b');
  expect(strictValue(parseQuery(''), 'mac')).toBe('');
  expect(() => strictValue(parseQuery('uuid=%E0%A4%A'), 'uuid')).toThrow('uuid: "%E0%A4%A" is not well encoded');
});

test('keys with a value that no rule knows are labels; what iPXE always sends is not', () => {
  expect(unknownKeys('mac=52-54&os=installed&domain=lan&region=&rack&=x&o%73=2&profile=a')).toEqual(['os', 'os']);
  expect(unknownKeys('')).toEqual([]);
});
