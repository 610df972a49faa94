import { describe, expect, it } from 'vitest';
import { clientTarget, isIpxe, isRaspberryPi, LEFT_OUT, netbootMachine, uuidOf } from '../../src/dhcp/machine.ts';
import { RASPBERRY_PI } from '../../src/boot/raspberry-pi.ts';
import { discover, FIRMWARE, GUID, optionsOf, parsed } from '../support/dhcp-packets.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('uuidOf', () => {
  it('swaps the first three fields', () => {
    expect(uuidOf(hex('0033221100554477668899aabbccddeeff'))).toBe('00112233-4455-6677-8899-aabbccddeeff');
    expect(uuidOf(hex('006a0fc3c61b4a37438325c4c2543ad437'))).toBe('c6c30f6a-4a1b-4337-8325-c4c2543ad437');
  });

  it('leaves the packet as it was', () => {
    const bytes = hex('0033221100554477668899aabbccddeeff');
    uuidOf(bytes);
    expect(bytes.toString('hex')).toBe('0033221100554477668899aabbccddeeff');
  });

  it.each(['', '00', '01'.repeat(17), '00'.repeat(16), '00'.repeat(18)])('is undefined for "%s"', (text) => {
    expect(uuidOf(hex(text))).toBeUndefined();
  });
});

describe('clientTarget', () => {
  it('takes the first that it knows from a list', () => {
    expect(clientTarget(hex('ffff000b0007'))).toMatchObject({ platform: 'efi', arch: 'arm64' });
  });

  it.each(['', '07', '000700', 'ffff'])('is undefined for "%s"', (text) => {
    expect(clientTarget(hex(text))).toBeUndefined();
  });
});

describe('isRaspberryPi', () => {
  it('knows the vendor by the address', () => {
    expect([isRaspberryPi('d8:3a:dd:01:02:03'), isRaspberryPi('52:54:00:01:02:03')]).toEqual([true, false]);
  });
});

const OVMF = 'OVMF 2022.11, PXEv4';
const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const read = (changes: Record<number, Buffer | undefined>, mac = '52:54:00:55:1c:ee'): unknown =>
  netbootMachine(parsed(discover(optionsOf(OVMF, changes), { mac })));

describe('netbootMachine', () => {
  it.each([
    ['iPXE 1.0.0+git-20190125, BIOS ROM', 'PXEClient', 'pcbios', true],
    ['OVMF 2022.11, PXEv4', 'PXEClient', 'efi', false],
    ['OVMF 2022.11, HTTPv4', 'HTTPClient', 'efi', false],
    ['iPXE 1.0.0+git-20190125, snponly.efi', 'PXEClient', 'efi', true],
  ])('knows %s', (firmware, vendorClass, platform, ipxe) => {
    const machine = netbootMachine(parsed(discover(optionsOf(firmware))));
    expect(machine).toMatchObject({ vendorClass, target: { platform }, ipxe });
  });

  it('reads the UUID in the order in which SMBIOS prints it', () => {
    expect(read({})).toMatchObject({ uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437', mac: '52:54:00:55:1c:ee' });
  });

  it.each([
    ['no vendor class', { 60: undefined }, 'does not netboot'],
    ['Windows', { 60: text('MSFT 5.0') }, 'does not netboot'],
    ['a phone', { 60: text('android-dhcp-14') }, 'does not netboot'],
    ['a vendor class that ends so', { 60: text('xPXEClient') }, 'does not netboot'],
    ['no architecture', { 93: undefined }, 'no architecture'],
    ['an odd architecture', { 93: Buffer.from([7]) }, 'unknown architecture'],
    ['an unknown architecture', { 93: Buffer.from([0, 99]) }, 'unknown architecture'],
    ['a GUID of five bytes', { 97: GUID.subarray(0, 5) }, 'bad client identifier'],
    ['a GUID of another type', { 97: Buffer.concat([Buffer.from([1]), GUID.subarray(1)]) }, 'bad client identifier'],
  ])('ignores %s', (_, changes: Record<number, Buffer | undefined>, reason) => {
    expect(read(changes)).toBe(reason);
  });

  it.each([
    ['no GUID', undefined],
    ['an empty GUID: Intel boot agents', Buffer.alloc(0)],
    ['a GUID of zeros, which identifies no machine', Buffer.alloc(17)],
  ])('answers %s', (_, guid) => {
    expect(read({ 97: guid })).toMatchObject({ vendorClass: 'PXEClient', uuid: undefined });
  });

  it('ignores a Raspberry Pi whose own firmware says that it is a PC, and answers one with UEFI on its card', () => {
    const pi = 'dc:a6:32:00:00:01';
    expect(read({ 93: Buffer.from([0, 0]) }, pi)).toBe(RASPBERRY_PI);
    expect(read({ 93: Buffer.from([0, 41]) }, pi)).toBe(RASPBERRY_PI);
    expect(read({ 93: Buffer.from([0, 11]) }, pi)).toMatchObject({ target: { platform: 'efi', arch: 'arm64' } });
  });

  it('knows which reasons are those of a machine that wants to netboot', () => {
    const reasons = [{ 93: undefined }, { 93: Buffer.from([0, 99]) }, { 97: GUID.subarray(0, 5) }].map((changes) =>
      read(changes as Record<number, Buffer | undefined>),
    );
    expect(reasons.every((reason) => typeof reason === 'string' && LEFT_OUT.has(reason))).toBe(true);
    expect(LEFT_OUT.has(read({ 60: undefined }) as string)).toBe(false);
  });
});

describe('isIpxe', () => {
  it.each([
    ['the bare word', { 77: text('iPXE') }, true],
    ['a counted string', { 77: text('\x04iPXE') }, true],
    ['a list of counted strings', { 77: text('\x03foo\x04iPXE') }, true],
    ['option 175 alone', { 175: Buffer.from([1]) }, true],
    ['another user class', { 77: text('foo') }, false],
    ['another user class and option 175', { 77: text('PXEClient'), 175: Buffer.from([1]) }, false],
    ['a string that is cut off', { 77: text('\x05iPXE') }, false],
    ['a longer word', { 77: text('iPXEx') }, false],
    ['an empty user class', { 77: Buffer.alloc(0) }, false],
    ['none of them', {}, false],
  ])('reads %s', (_, changes: Record<number, Buffer>, ipxe) => {
    expect(isIpxe(parsed(discover(optionsOf(OVMF, changes))))).toBe(ipxe);
  });

  it('knows every captured iPXE', () => {
    const names = Object.keys(FIRMWARE).filter((firmware) => isIpxe(parsed(discover(optionsOf(firmware)))));
    expect(names.every((name) => name.startsWith('iPXE'))).toBe(true);
    expect(names).toHaveLength(2);
  });
});
