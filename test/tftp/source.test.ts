import { describe, expect, it } from 'vitest';
import { createBootPrograms } from '../../src/boot/boot-programs.ts';
import { SILENT, type Log } from '../../src/model/service.ts';
import { createTftpSource, isIpxeRequest, type TftpAsk } from '../../src/tftp/source.ts';
import { openFirmwareStore } from '../../src/images/firmware.ts';
import { makeFolder } from '../support/folder.ts';
import { contextOf, originOf } from '../support/app-context.ts';
import { keepingLog } from '../support/tftp-server.ts';

const IPXE = [
  { name: 'blksize', value: '1432' },
  { name: 'tsize', value: '0' },
];
const OVMF = [
  { name: 'tsize', value: '0' },
  { name: 'blksize', value: '1468' },
  { name: 'windowsize', value: '4' },
];

async function source(settings = { smartNbp: true, images: false }, log: Log = SILENT) {
  const appContext = await contextOf({ 'images/k': 'kernel', 'secrets/a': 'secret' });
  const firmware = openFirmwareStore([makeFolder({ 'undionly.kpxe': 'nbp' })]);
  const bootPrograms = createBootPrograms({ ...appContext, firmware, silentForLocal: false });
  return createTftpSource({
    ...appContext,
    bootPrograms,
    settings,
    originAt: (server) => originOf(`${server}:4777`),
    log,
  });
}

function ask(name: string, options: TftpAsk['options'] = []): TftpAsk {
  return { name, options, client: { address: '10.0.0.9', port: 2070 }, server: '10.0.0.1' };
}

async function text(
  answer: Awaited<ReturnType<Awaited<ReturnType<typeof source>>['open']>>,
): Promise<string | undefined> {
  const bytes = await answer?.read(0, answer.size + 10);
  await answer?.close();
  return bytes && Buffer.from(bytes).toString();
}

it('firmware gets the boot program, iPXE that asks for it gets the script of the address that it asked', async () => {
  const made = await source();
  expect(await text(await made.open(ask('undionly.kpxe', OVMF)))).toBe('nbp');
  expect(await text(await made.open(ask('undionly.kpxe', IPXE)))).toContain('http://10.0.0.1:4777/ipxe?');
});

it('a setting turns the smart NBP off', async () => {
  const made = await source({ smartNbp: false, images: false });
  expect(await text(await made.open(ask('undionly.kpxe', IPXE)))).toBe('nbp');
});

it('images only if a setting allows it', async () => {
  expect(await (await source()).open(ask('images/k'))).toBeUndefined();
  expect(await text(await (await source({ smartNbp: true, images: true })).open(ask('images/k')))).toBe('kernel');
});

it.each(['secrets/a', 'images/../secrets/a', '../secrets/a', 'configs/../secrets/a'])('never %s', async (name) => {
  const made = await source({ smartNbp: true, images: true });
  await expect(Promise.resolve(made.open(ask(name))).catch(() => undefined)).resolves.toBeUndefined();
});

it('case 20-raspberry-pi: its firmware gets nothing, and one line in the log says what to do', async () => {
  const log = keepingLog();
  const made = await source({ smartNbp: true, images: false }, log);
  for (const name of ['3c1a9f02/start4.elf', '3c1a9f02/start.elf', 'bootcode.bin', 'pieeprom.sig', 'kernel8.img']) {
    expect(await made.open(ask(name))).toBeUndefined();
  }
  const told = log.lines.filter(({ level }) => level === 'info');
  expect(told).toMatchObject([{ fields: { from: '10.0.0.9', file: '3c1a9f02/start4.elf' } }]);
  expect(String(told[0]?.fields['remedy'])).toContain('UEFI');
});

it('what is not there is not there', async () => {
  const made = await source();
  expect(await made.open(ask('snponly.efi'))).toBeUndefined();
  expect(await made.open(ask('nope'))).toBeUndefined();
});

const options = (text: string): { name: string; value: string }[] =>
  text.split(' ').map((pair) => ({ name: pair.split('=')[0] ?? '', value: pair.split('=')[1] ?? '' }));

describe('isIpxeRequest', () => {
  it('knows iPXE by its two options and their order', () => {
    expect(isIpxeRequest(IPXE)).toBe(true);
  });

  it.each([
    'tsize=0 blksize=1432',
    'tsize=0 blksize=1468 windowsize=4',
    'blksize=1468 windowsize=4',
    'blksize=1468 tsize=0',
    'blksize=1432',
    'blksize=1432 tsize=1',
    'blksize=1432 tsize=0 windowsize=4',
    'blksize=1432 timeout=0',
  ])('takes "%s" for firmware', (text) => {
    expect(isIpxeRequest(options(text))).toBe(false);
  });

  it('takes a request without options for firmware', () => {
    expect(isIpxeRequest([])).toBe(false);
  });
});
