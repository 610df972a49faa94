import { expect, test } from 'vitest';
import { beginsBoot, PAUSE_MS, phaseAfter, type Phase } from '../../src/journal/boot-attempt.ts';
import { dhcp, document, image, installed, operator, phoneHome, refused, script, T, tftp } from './stand.ts';

function begins(phase: Phase, event: Parameters<typeof beginsBoot>[1], pause = 1000): boolean {
  return beginsBoot({ phase, lastAt: T - pause }, event, T);
}

test('whatever a machine does first begins its first boot, what an operator does does not', () => {
  const all = [
    dhcp(T, 1),
    tftp(T, 1),
    script(T, 1, 'boot'),
    image(T, 1),
    document(T, 1),
    phoneHome(T, 1),
    refused(T, 1),
  ];
  for (const event of all) expect(beginsBoot(undefined, event, T)).toBe(true);
  expect(beginsBoot(undefined, operator(T, 1, 'adopt'), T)).toBe(false);
});

test('DHCP, TFTP and the script are one boot', () => {
  for (const event of [dhcp(T, 1), tftp(T, 1), script(T, 1, 'boot'), refused(T, 1)]) {
    expect(begins('asking', event)).toBe(false);
    expect(begins('asking', event, PAUSE_MS)).toBe(false);
    expect(begins('asking', event, PAUSE_MS + 1)).toBe(true);
  }
});

test('firmware that asks after a script has started over', () => {
  for (const phase of ['told', 'running', 'over'] as const) {
    expect(begins(phase, dhcp(T, 1))).toBe(true);
    for (const file of ['undionly.kpxe', 'ipxe.efi', 'pxelinux.0', 'ipxe.PXE', 'a/b.kkpxe']) {
      expect(begins(phase, tftp(T, 1, file))).toBe(true);
    }
  }
});

test('other files over TFTP come at any time', () => {
  for (const file of ['boot.ipxe', 'vmlinuz', 'pxelinux.cfg/default', 'efi', 'kernel.10']) {
    for (const phase of ['asking', 'told', 'running', 'over'] as const) {
      expect(begins(phase, tftp(T, 1, file), PAUSE_MS * 9)).toBe(false);
    }
  }
});

test('a script that is asked for again is the same boot until the system has run', () => {
  for (const event of [script(T, 1, 'boot'), refused(T, 1)]) {
    expect(begins('told', event)).toBe(false);
    expect(begins('told', event, PAUSE_MS + 1)).toBe(true);
    expect(begins('running', event)).toBe(true);
    expect(begins('over', event)).toBe(true);
  }
});

test('a refusal elsewhere is no question', () => {
  for (const what of ['/configs/a.yml', '/images/x', '/ipxeX', '/favicon.ico']) {
    expect(begins('over', refused(T, 1, what), PAUSE_MS * 9)).toBe(false);
  }
  for (const what of ['/', '/ipxe', '/grub', '/boot.ipxe', '/boot.ipxe.0', '/v1/boot/52:54:00:00:00:01']) {
    expect(begins('over', refused(T, 1, what))).toBe(true);
  }
});

test('what a running system does belongs to its boot, however late', () => {
  for (const event of [image(T, 1), document(T, 1), phoneHome(T, 1), installed(T, 1), operator(T, 1, 'reinstall')]) {
    expect(begins('over', event, PAUSE_MS * 1000)).toBe(false);
  }
});

test('how far a boot is', () => {
  expect(phaseAfter('asking', dhcp(T, 1))).toBe('asking');
  expect(phaseAfter('asking', script(T, 1, 'boot'))).toBe('told');
  expect(phaseAfter('told', image(T, 1))).toBe('told');
  expect(phaseAfter('told', document(T, 1))).toBe('running');
  expect(phaseAfter('running', script(T, 1, 'boot'))).toBe('running');
  expect(phaseAfter('running', phoneHome(T, 1))).toBe('over');
  expect(phaseAfter('told', installed(T, 1))).toBe('over');
  expect(phaseAfter('over', document(T, 1))).toBe('over');
});
