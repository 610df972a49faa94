import { afterEach, expect, test, vi } from 'vitest';
import type { BootFile } from '../../src/boot/boot-programs.ts';
import type { BootService, DocumentAnswer } from '../../src/boot/boot-service.ts';
import { BOOT_PROGRAMS } from '../../src/images/boot-program-table.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Origin } from '../../src/model/plan.ts';
import { DECISION, SCRIPT } from '../support/fake-boot-service.ts';
import { openContext, type AppContext } from '../support/http-server.ts';
import { exchange, get, type RawAnswer } from '../support/http-raw.ts';

const MAC = '52:54:00:55:1c:ee';
const DOCUMENT: DocumentAnswer = {
  body: Buffer.from('#cloud-config\n'),
  contentType: 'text/yaml',
  source: 'configs/a.yml',
  decision: DECISION,
};
const script = async (): Promise<{ script: string; decision: typeof DECISION }> => ({
  script: SCRIPT,
  decision: DECISION,
});
const document = async (): Promise<DocumentAnswer> => DOCUMENT;
const missing = async (): Promise<never> => {
  throw new Failure('not-found', 'no profile "x"', { remedy: 'write profiles/x.json' });
};

let appContext: AppContext;
afterEach(async () => {
  await appContext.close();
});

async function ask(answers: Partial<BootService>, target: string, headers: string[] = []): Promise<RawAnswer> {
  appContext = await openContext(answers);
  const answer = await get(appContext.port, target, headers);
  expect(appContext.bootService.unused(), 'answers that were not asked for').toEqual([]);
  return answer;
}

function origin(): string {
  return `http://127.0.0.1:${appContext.port}`;
}

function expectScript(answer: RawAnswer): void {
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.headers['content-length']).toBe(String(SCRIPT.length));
  expect(answer.body).toBe(SCRIPT);
}

test('/?profile=NAME is the old route', async () => {
  expectScript(await ask({ scriptOf: script }, '/?profile=a-coreos'));
  expect(appContext.bootService.calls).toEqual([['scriptOf', 'a-coreos', origin(), undefined]]);
});

test.each([
  ['arm64', 'arm64'],
  ['x86_64', 'x86_64'],
  ['mips', undefined],
  ['', undefined],
])('/?profile=NAME&arch=%s is for that processor', async (said, arch) => {
  expectScript(await ask({ scriptOf: script }, `/?profile=a-coreos&arch=${said}`));
  expect(appContext.bootService.calls).toEqual([['scriptOf', 'a-coreos', origin(), arch]]);
});

test('/?profile= takes the Host line as it comes, also from UEFI', async () => {
  appContext = await openContext({ scriptOf: script });
  const lines =
    'GET /?profile=a HTTP/1.1\r\nHost: Boot.LAN\r\nUser-Agent: UefiHttpBoot/1.0\r\nConnection: close\r\n\r\n';
  expectScript(await exchange(appContext.port, lines));
  expect(appContext.bootService.calls).toEqual([['scriptOf', 'a', 'http://Boot.LAN', undefined]]);
});

test.each(['/?mac=52-54-00-55-1C-EE', '/ipxe?mac=525400551cee', '/ipxe?mac=52%3A54%3A00%3A55%3A1c%3Aee&uuid='])(
  '%s asks for the machine',
  async (target) => {
    expectScript(await ask({ script }, target));
    expect(appContext.bootService.calls).toEqual([
      ['script', { facts: { mac: MAC }, origin: origin(), asker: '127.0.0.1' }],
    ]);
  },
);

test.each(['/?mac=', '/ipxe', '/?uuid=00000000-0000-0000-0000-000000000000'])(
  '%s is a machine that knows nothing of itself',
  async (target) => {
    expectScript(await ask({ script }, target));
    expect(appContext.bootService.calls).toEqual([['script', { facts: {}, origin: origin(), asker: '127.0.0.1' }]]);
  },
);

test.each([
  ['/boot.ipxe', 'curl/8'],
  ['/boot.ipxe.0', 'iPXE/1.0.0'],
  ['/autoexec.ipxe', 'iPXE/2.0.0'],
  ['/', 'iPXE/1.0.0+git-20190125.36a4c85-5.1'],
  ['/?unknown=1', 'iPXE/1.0.0'],
])('%s for %s is the start script', async (target, agent) => {
  const start = vi.fn(() => SCRIPT);
  expectScript(await ask({ start }, target, [`User-Agent: ${agent}`]));
  expect(start).toHaveBeenCalledWith(origin());
});

test.each(['Mozilla/5.0 (X11; Linux)', 'curl/8.1', ''])('/ for %j leads to the start page', async (agent) => {
  const answer = await ask({}, '/', [`User-Agent: ${agent}`]);
  expect(answer.status).toBe(302);
  expect([answer.headers['location'], answer.body]).toEqual(['/dashboard', 'see /dashboard\n']);
});

test.each(['a.yml', 'a', 'worker.ign'])('/configs/%s', async (name) => {
  const answer = await ask({ document }, `/configs/${name}?mac=${MAC}&serial=S%201`);
  expect([answer.status, answer.headers['content-type'], answer.body]).toEqual([200, 'text/yaml', '#cloud-config\n']);
  expect(appContext.bootService.calls).toEqual([
    ['document', name, { facts: { mac: MAC, serial: 'S 1' }, origin: origin(), asker: '127.0.0.1' }],
  ]);
});

test('a document that the client has is not sent again', async () => {
  const first = await ask({ document }, '/configs/a.yml');
  const again = await get(appContext.port, '/configs/a.yml', [`If-None-Match: "x", ${first.headers['etag'] ?? ''}`]);
  expect([again.status, again.body, again.headers['etag']]).toEqual([304, '', first.headers['etag']]);
  expect(again.headers['content-length']).toBeUndefined();
});

test.each([
  ['/ignition', 'ignition'],
  ['/cloud', 'cloud_config'],
  ['/generic', 'generic'],
])('%s is %s of the machine’s profile', async (path, kind) => {
  const answer = await ask({ documentOf: document }, `${path}?mac=${MAC}&uuid=`);
  expect(answer.body).toBe('#cloud-config\n');
  expect(appContext.bootService.calls).toEqual([
    ['documentOf', kind, { facts: { mac: MAC }, origin: origin(), asker: '127.0.0.1' }],
  ]);
});

test('/metadata and /grub', async () => {
  expect((await ask({ metadata: document }, `/metadata?mac=${MAC}`)).body).toBe('#cloud-config\n');
  await appContext.close();
  const grub = await ask({ grub: async () => ({ script: 'default=0\n', decision: DECISION }) }, `/grub?mac=${MAC}`);
  expect([grub.status, grub.body]).toEqual([200, 'default=0\n']);
});

test.each(['user-data', 'meta-data', 'vendor-data', 'network-config'])('/nocloud/MAC/%s', async (file) => {
  const answer = await ask(
    { nocloud: async () => ({ ...DOCUMENT, body: Buffer.alloc(0) }) },
    `/nocloud/52-54-00-55-1c-ee/${file}`,
  );
  expect([answer.status, answer.body]).toEqual([200, '']);
  expect(appContext.bootService.calls).toEqual([
    ['nocloud', file, { facts: { mac: MAC }, origin: origin(), asker: '127.0.0.1' }],
  ]);
});

test('/profiles/NAME.json, /keys?name=NAME, /v1/boot/MAC, /healthz', async () => {
  appContext = await openContext(
    {
      profileFile: async () => Buffer.from('{}\n'),
      keys: async () => '[{"key": "ssh-rsa AAAA"}]',
      pixiecore: async () => ({ kernel: 'k', initrd: ['i'], cmdline: 'c' }),
    },
    { health: () => ({ status: 'degraded', problems: [] }) },
  );
  const profile = await get(appContext.port, '/profiles/a-coreos.json');
  expect([profile.body, profile.headers['content-type']]).toEqual(['{}\n', 'application/json']);
  const keys = await get(appContext.port, '/keys?name=core');
  expect([keys.body, keys.headers['content-type']]).toEqual(['[{"key": "ssh-rsa AAAA"}]', 'text/plain; charset=utf-8']);
  expect(JSON.parse((await get(appContext.port, '/v1/boot/52%3A54%3A00%3A55%3A1c%3Aee')).body)).toEqual({
    kernel: 'k',
    initrd: ['i'],
    cmdline: 'c',
  });
  expect(JSON.parse((await get(appContext.port, '/healthz')).body)).toEqual({ status: 'degraded', problems: [] });
  expect(appContext.bootService.calls).toEqual([
    ['profileFile', 'a-coreos'],
    ['keys', 'core'],
    ['pixiecore', MAC, origin(), '127.0.0.1'],
  ]);
  expect(appContext.events.find(({ kind }) => kind === 'pixiecore')).toMatchObject({ mac: MAC, facts: { mac: MAC } });
});

test('a failure of the boot service is its status and one line, and never 200 on a script route', async () => {
  const broken = async (): Promise<never> => {
    throw new Failure('broken', 'unknown key', { place: { file: 'profiles/a.json', line: 3 } });
  };
  const busy = async (): Promise<never> => {
    throw new Failure('unavailable', 'not now');
  };
  appContext = await openContext({ scriptOf: missing, script: broken, documentOf: busy });
  const first = await get(appContext.port, '/?profile=x');
  expect([first.status, first.body]).toEqual([404, 'no profile "x" (write profiles/x.json)\n']);
  const second = await get(appContext.port, '/ipxe');
  expect([second.status, second.body]).toEqual([500, 'profiles/a.json:3: unknown key\n']);
  const third = await get(appContext.port, '/ignition');
  expect([third.status, third.headers['retry-after']]).toEqual([503, '5']);
  expect(appContext.log.of('info').map((line) => [line.message, line.fields['status']])).toEqual([
    ['refused', 404],
    ['refused', 500],
    ['refused', 503],
  ]);
});

test('a script that is none never leaves as 200, and a bug tells nothing', async () => {
  const bad = async (): Promise<never> => {
    throw new TypeError('/srv/secret/path exploded');
  };
  appContext = await openContext({ start: () => '\n#!ipxe\n', script: bad });
  for (const target of ['/boot.ipxe', '/ipxe']) {
    const answer = await get(appContext.port, target);
    expect(answer.status).toBe(500);
    expect(answer.body).toMatch(/^internal error, request [0-9a-f]{12} /);
    expect(answer.text).not.toContain('secret');
  }
  expect(appContext.log.of('error')).toHaveLength(2);
});

test('decisions are logged once, answers each time', async () => {
  appContext = await openContext({ script });
  await get(appContext.port, `/ipxe?mac=${MAC}`);
  await get(appContext.port, `/ipxe?mac=${MAC}`);
  expect(appContext.log.of('info')).toEqual([
    { level: 'info', message: 'decided', fields: { kind: 'script', mac: MAC, from: '127.0.0.1', ...DECISION } },
  ]);
  expect(appContext.log.of('debug').filter((line) => line.message === 'answered')).toHaveLength(2);
  expect(appContext.events).toMatchObject(
    Array.from({ length: 2 }, () => ({
      kind: 'script',
      method: 'GET',
      status: 200,
      bytes: SCRIPT.length,
      mac: MAC,
      decision: DECISION,
      from: '127.0.0.1',
    })),
  );
});

test.each([
  ['/ipxe?mac=52-54-00-55-1c-ee&profile=live', 'script'],
  ['/configs/a.yml?mac=52-54-00-55-1c-ee&profile=live', 'document'],
  ['/ignition?mac=52-54-00-55-1c-ee&profile=live', 'documentOf'],
  ['/nocloud/mac=52-54-00-55-1c-ee&profile=live/user-data', 'nocloud'],
  ['/install/mac=52-54-00-55-1c-ee&profile=live/ignition', 'installer'],
])('%s carries what was chosen at the screen', async (target, method) => {
  const answer = await ask(method === 'script' ? { script } : { [method]: document }, target);
  expect(answer.status).toBe(200);
  const [called, ...args] = appContext.bootService.calls.at(-1) ?? [''];
  const question = { facts: { mac: MAC }, choice: 'live', origin: origin() };
  expect([called, args.at(-1)]).toEqual([method, { ...question, asker: '127.0.0.1' }]);
});

const TEXT = 'text/plain; charset=utf-8';
const PROGRAM = BOOT_PROGRAMS[0] ?? expect.fail();

async function askFirmware(found: BootFile | undefined, target = '/firmware/x', headers: string[] = []) {
  const open = vi.fn(async () => found);
  appContext = await openContext({}, { bootPrograms: { open } });
  return { answer: await get(appContext.port, target, headers), open };
}

test.each(['#!ipxe\nchain http://x/\n', 'set timeout=0\n'])(
  '/firmware/NAME sends the text %j as it is',
  async (text) => {
    const { answer, open } = await askFirmware({ kind: 'text', text, because: 'x' }, '/firmware/grub.cfg%2d01');
    expect([answer.status, answer.headers['content-type'], answer.body]).toEqual([200, TEXT, text]);
    expect(open).toHaveBeenCalledWith({
      name: 'grub.cfg-01',
      origin: origin(),
      ipxe: false,
      images: true,
      asker: '127.0.0.1',
    });
  },
);

test('/firmware/NAME sends a program whole, with a tag, and closes it', async () => {
  const close = vi.fn(async () => undefined);
  const file = { size: 3, whole: async () => Buffer.from('efi'), read: async () => Buffer.from('efi'), close };
  const program: BootFile = { kind: 'program', program: PROGRAM, file };
  const { answer } = await askFirmware(program);
  expect([answer.status, answer.headers['content-type'], answer.body]).toEqual([200, 'application/efi', 'efi']);
  const again = await get(appContext.port, '/firmware/x', [`If-None-Match: ${answer.headers['etag'] ?? ''}`]);
  expect([again.status, again.body, close.mock.calls.length]).toEqual([304, '', 2]);
});

test.each<[string, BootFile | undefined]>([
  ['no name of ours', undefined],
  ['a program that this host does not have', { kind: 'program', program: PROGRAM, file: undefined }],
  ['an image, which has a route of its own', { kind: 'image', path: 'flatcar/x' }],
])('/firmware/NAME for %s is 404, with what to do', async (_, found) => {
  const { answer } = await askFirmware(found);
  expect([answer.status, answer.body]).toEqual([
    404,
    'there is no boot program "x" (apt install ipxe, or set PILOTLIGHT_FIRMWARE_DIR)\n',
  ]);
});

test.each([
  ['/?profile=a%20(2)', 'profile: "a (2)" is not a name', 400],
  ['/configs/a%20(2)', 'document: "a (2)" is not a name', 400],
  ['/images/flatcar/amd64/current/version.txt', 'no profile boots from images/flatcar/amd64 (name', 404],
])('%s: %s', async (target, line, status) => {
  appContext = await openContext({ currentVersion: () => undefined });
  const answer = await get(appContext.port, target);
  expect([answer.status, answer.body]).toEqual([status, expect.stringContaining(line)]);
});

test.each([
  ['/nocloud/525400551cee/password', 'no NoCloud file "525400551cee/password" (ask for /nocloud/MAC/ and one of '],
  ['/nocloud/525400551cee', 'no NoCloud file "525400551cee" '],
  ['/nocloud/525400551cee/user-data/x', 'no NoCloud file "525400551cee/user-data/x" '],
  [
    '/install/525400551cee/preseed',
    `no installer's file "525400551cee/preseed" (ask for /install/MAC/ and one of ignition, cloud-config)`,
  ],
])('%s is 404 and names what there is', async (target, line) => {
  const answer = await ask({}, target);
  expect(answer.status).toBe(404);
  expect(answer.body).toContain(line);
});

test.each([
  ['ignition', 'ignition'],
  ['cloud-config', 'cloud_config'],
])('/install/MAC/%s is the %s of the live system that installs', async (file, kind) => {
  const answer = await ask({ installer: document }, `/install/525400551cee/${file}`);
  expect([answer.status, answer.body]).toEqual([200, '#cloud-config\n']);
  expect(appContext.bootService.calls).toEqual([
    ['installer', kind, { facts: { mac: MAC }, origin: origin(), asker: '127.0.0.1' }],
  ]);
});

test.each(['/profiles/a-coreos', '/profiles/a-coreos.jso', '/profiles/'])(
  '%s is no profile’s file: 400',
  async (target) => {
    const answer = await ask({}, target);
    expect([answer.status, answer.body.includes('/profiles/NAME.json')]).toEqual([400, true]);
  },
);

test('/ leads to the dashboard below the path of the server’s own URL', async () => {
  appContext = await openContext({}, { baseUrl: 'http://boot.lan/pilotlight' as Origin });
  const answer = await get(appContext.port, '/', ['User-Agent: curl/8']);
  expect([answer.status, answer.headers['location']]).toEqual([302, '/pilotlight/dashboard']);
});
