import { afterEach, expect, test } from 'vitest';
import { type BootFile, type BootFileQuestion, createBootPrograms } from '../../src/boot/boot-programs.ts';
import { BOOT_PROGRAMS } from '../../src/images/boot-program-table.ts';
import { parseOrigin } from '../../src/model/plan.ts';
import { DECISION } from '../support/fake-boot-service.ts';
import { openContext, type AppContext } from '../support/http-server.ts';
import { exchange, get } from '../support/http-raw.ts';
import { factsOf, contextOf } from '../support/app-context.ts';

const TEXT = 'text/plain; charset=utf-8';
let appContext: AppContext;
afterEach(async () => {
  await appContext.close();
});

async function askFirmware(found: BootFile | undefined, target: string) {
  const asked: BootFileQuestion[] = [];
  const open = async (question: BootFileQuestion): Promise<BootFile | undefined> => {
    asked.push(question);
    return Promise.resolve(found);
  };
  appContext = await openContext({}, { bootPrograms: { open } });
  return { answer: await get(appContext.port, target), asked };
}

test.each([
  ['/firmware//grubx64.efi', 'grubx64.efi'],
  ['/firmware/x86_64-sb/snponly.efi', 'x86_64-sb/snponly.efi'],
  ['/grub/grub.cfg', 'grub/grub.cfg'],
  ['/grub//grub.cfg-01-52:54:00:55:1c:ee', 'grub/grub.cfg-01-52:54:00:55:1c:ee'],
])('%s asks for %s: a shim writes two slashes, GRUB a MAC with colons', async (target, name) => {
  const { answer, asked } = await askFirmware({ kind: 'text', text: 'sleep 1\n', because: 'x' }, target);
  expect([answer.status, answer.headers['content-type'], answer.body]).toEqual([200, TEXT, 'sleep 1\n']);
  expect(asked).toMatchObject([{ name, ipxe: false, images: true }]);
});

test.each(['/firmware/revocations_sku.efi', '/grub/x86_64-efi/command.lst', '/grub/grub.cfg-01-'])(
  '%s, which a shim and GRUB can do without, is 404',
  async (target) => {
    const { status, body } = (await askFirmware(undefined, target)).answer;
    expect([status, body]).toEqual([404, expect.stringMatching(/^there is no (?:boot program "\w|grub\/\w)/)]);
  },
);

test('what GRUB is told about a machine is recorded as that machine’s', async () => {
  const mac = factsOf({ mac: '52:54:00:00:00:01' }).mac ?? expect.fail();
  const told = { kind: 'text', text: 'sleep 1\n', because: 'x' } as const;
  const decision = { ...DECISION, question: { facts: { mac }, origin: parseOrigin('http://h') ?? expect.fail() } };
  await askFirmware({ ...told, answer: { script: told.text, decision } }, `/grub/grub.cfg-01-${mac}`);
  expect(appContext.events).toMatchObject([{ kind: 'grub', mac, decision: { profile: 'a-coreos' } }]);
  await appContext.close();
  await askFirmware({ ...told, answer: { script: told.text, decision: DECISION } }, '/grub/grub.cfg');
  expect(appContext.events).toMatchObject([{ kind: 'grub', facts: {}, decision: DECISION }]);
});

test('a program that is not here is told with what has it', async () => {
  const program = BOOT_PROGRAMS.find(({ kind }) => kind === 'shim') ?? expect.fail();
  const { answer } = await askFirmware({ kind: 'program', program, file: undefined }, '/firmware/x');
  expect(answer.body).toContain('apt install shim-signed');
});

test('a GRUB’s HEAD is as long as its GET: it reads as many bytes as the HEAD said', async () => {
  const { asked } = await askFirmware({ kind: 'text', text: 'sleep 1\n', because: 'x' }, '/grub/grub.cfg-01-x');
  const head = await exchange(
    appContext.port,
    'HEAD /grub/grub.cfg-01-x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  );
  expect(head.headers['content-length']).toBe('8');
  expect(asked).toMatchObject([{ asker: '127.0.0.1' }, { asker: '127.0.0.1' }]);
});

test('what a GRUB’s HEAD used up is in its GET: the one boot of another profile, and one installation by another', async () => {
  const MAC = '52:54:00:00:00:01';
  const context = await contextOf({
    'profiles/worker.json': { system: 'custom', kernel: 'w', nodes: [{ name: 'w1', mac: MAC }] },
    'profiles/rescue.json': { system: 'custom', kernel: 'r' },
    'profiles/wipe.json': { system: 'custom', kernel: 'd', install: { disk: '/dev/vda' } },
    ...{ 'images/w': 'w', 'images/r': 'r', 'images/d': 'd' },
  });
  await context.marks.start();
  const firmware = { has: () => false, open: async () => undefined, openBelow: async () => undefined };
  const { bootService } = context;
  const bootPrograms = createBootPrograms({ bootService, firmware, silentForLocal: true });
  appContext = await openContext({ grub: (question) => bootService.grub(question) }, { bootPrograms });
  const who = { key: factsOf({ mac: MAC }).mac ?? expect.fail(), also: [], machine: factsOf({ mac: MAC }) };
  const boots = async (target: string) => {
    const head = await exchange(appContext.port, `HEAD ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    const { body } = await exchange(appContext.port, `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    expect(head.headers['content-length']).toBe(String(Buffer.byteLength(body)));
    return /\/images\/(\w)\b/.exec(body)?.[1];
  };
  for (const target of [`/grub/x86_64/grub.cfg-01-${MAC}`, `/grub?mac=${MAC}`]) {
    expect(await boots(target)).toBe('w');
    await context.marks.bootOnce(who, 'rescue');
    expect(await boots(target), target).toBe('r');
    expect(await boots(target), 'the next boot').toBe('w');
    await context.marks.bootOnce(who, 'wipe', '/dev/vda');
    expect(await boots(target), target).toBe('d');
    await context.marks.release(who);
  }
});
