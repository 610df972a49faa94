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
