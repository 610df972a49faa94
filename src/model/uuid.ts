/**
 * UUIDs and serial numbers that whole product lines share, because the maker never programmed the board: no identity.
 * As dmidecode prints them on such boards, gathered from the block lists of inventory programs and from posted reports
 * (an INTEL X99 of AMI firmware 5.11: serial number "Default string", UUID 03000200-0400-0500-0006-000700080009).
 * All zeros and all ones: SMBIOS 3.x, 7.2.1, "not set" and "not present".
 */
const UUIDS: ReadonlySet<string> = new Set([
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '03000200-0400-0500-0006-000700080009',
  '00020003-0004-0005-0006-000700080009', // the same, its first fields in the other byte order
  '00010203-0405-0607-0809-0a0b0c0d0e0f',
  '03020100-0504-0706-0809-0a0b0c0d0e0f',
  '01020304-0506-0708-090a-0b0c0d0e0f10',
  '12345678-1234-5678-90ab-cddeefaabbcc',
  '12345678-1234-1234-1234-123456789abc',
  '11111111-1111-1111-1111-111111111111',
  '00000000-0000-0000-0000-000000000001',
]);

/** In lower case, without what is no letter or digit: makers differ in dots and spaces only. */
const SERIALS: ReadonlySet<string> = new Set([
  'tobefilledbyoem',
  'tobefilled',
  'defaultstring',
  'default',
  'systemserialnumber',
  'systemserial',
  'chassisserialnumber',
  'baseboardserialnumber',
  'serialnumber',
  'serial',
  'sn',
  'none',
  'null',
  'empty',
  'na',
  'notavailable',
  'notapplicable',
  'notspecified',
  'notset',
  'invalid',
  'unknown',
  'undefined',
  'oem',
  'oemdefault',
  'oemdefault000',
  'filledbyoem',
  'sysserno',
  'mbserialnumber',
  'tbd',
  'todo',
  'test',
  'standard',
  'generic',
  'typeserialnumber',
  'sernum',
  '0123456789',
  '123456789',
  '1234567890',
  '012345678',
  '12345678',
  '1234567',
  '123456',
  '12345',
  '1234',
  '123',
  '9876543210',
  '987654321',
]);

/** True for a UUID by which two machines cannot be told apart. */
export function isSharedUuid(uuid: string): boolean {
  const digits = uuid.toLowerCase().replaceAll('-', '');
  return UUIDS.has(uuid.toLowerCase()) || /^(.)\1*$/.test(digits);
}

/** True for a serial number by which two machines cannot be told apart. */
export function isSharedSerial(serial: string): boolean {
  const plain = serial.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return plain === '' || SERIALS.has(plain) || /^(.)\1*$/.test(plain);
}

declare const brand: unique symbol;

/** A system UUID as SMBIOS prints it: lower case, with hyphens, never all zeros or all ones. */
export type Uuid = string & { readonly [brand]: 'Uuid' };

const SPELLING = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for what looks like a UUID, whether or not it identifies anything. */
export function isUuidText(text: string): boolean {
  return SPELLING.test(text.toLowerCase());
}

/**
 * Undefined for anything malformed, and for the all-zero and all-one UUIDs: QEMU without `-uuid` and boards that were
 * never programmed report those, so they identify nobody (reference: FIRMWARE 4.1; SMBIOS 3.x, 7.2.1).
 */
export function parseUuid(text: string): Uuid | undefined {
  const lower = text.toLowerCase();
  if (!SPELLING.test(lower) || /^[0-]+$/.test(lower) || /^[f-]+$/.test(lower)) return undefined;
  return lower as Uuid;
}

/**
 * The same UUID with its first three fields in the other byte order: SMBIOS before 2.6 left it open, and firmware, iPXE
 * and GRUB do not agree on it, so one machine may say both.
 */
export function inOtherByteOrder(uuid: string): string {
  const [one = '', two = '', three = '', ...rest] = uuid.split('-');
  return [...[one, two, three].map((field) => field.match(/../g)?.toReversed().join('') ?? ''), ...rest].join('-');
}

/** The same machine's, in whichever byte order. */
export function isSameUuid(one: string, other: string): boolean {
  return one === other || one === inOtherByteOrder(other);
}
