declare const label: unique symbol;
declare const mac: unique symbol;
declare const uuid: unique symbol;

/** Free text that a machine reports about itself, cleaned: printable, harmless in an iPXE script, at most 128 characters. */
export type Label = string & { readonly [label]: 'Label' };

/** An Ethernet address in its one spelling: six lower-case pairs with colons. */
export type Mac = string & { readonly [mac]: 'Mac' };

/** A system UUID as SMBIOS prints it: lower case, with hyphens, never all zeros or all ones. */
export type Uuid = string & { readonly [uuid]: 'Uuid' };

/** iPXE's `${platform}`. */
export type Platform = 'pcbios' | 'efi';

/** What the processor is, as iPXE's `${buildarch}` says it (with `cpuid --ext 29` for a 32-bit iPXE on a 64-bit CPU). */
export type MachineArch = 'i386' | 'x86_64' | 'arm32' | 'arm64';

/** What is known of the machine that asks. Everything is optional: settings that iPXE lacks arrive as empty strings. */
export interface MachineFacts {
  readonly mac?: Mac;
  readonly uuid?: Uuid;
  readonly serial?: Label;
  readonly hostname?: Label;
  readonly asset?: Label;
  readonly manufacturer?: Label;
  readonly product?: Label;
  readonly arch?: MachineArch;
  readonly platform?: Platform;
}

/** All of them: as a query, a template and the journal name them. */
export const FACT_KEYS = [
  'mac',
  'uuid',
  'serial',
  'hostname',
  'asset',
  'manufacturer',
  'product',
  'arch',
  'platform',
] as const satisfies readonly (keyof MachineFacts)[];

/** By what a machine can be told from others, most reliable first. */
export const IDENTITY_KEYS = ['mac', 'uuid', 'serial'] as const;
export type IdentityKey = (typeof IDENTITY_KEYS)[number];
export type MachineIdentity = Pick<MachineFacts, IdentityKey>;

/** The same as a file says it: a serial number there is any text. */
type Named = Readonly<Partial<Record<IdentityKey, string>>>;

/** By what the journal tells machines apart: the MAC, else `uuid:...`, else `serial:...`. */
export type MachineKey = string;

/** The key of a machine that says who it is; undefined for one that does not. */
export function machineKey({ mac, uuid, serial }: Named): MachineKey | undefined {
  if (mac !== undefined) return mac;
  if (uuid !== undefined) return `uuid:${uuid}`;
  return serial === undefined ? undefined : `serial:${serial}`;
}

/** The machine that a key names, in any spelling, as it would say it; no facts for a text that names no machine. */
export function keyFacts(key: MachineKey): MachineFacts {
  const [, by = 'mac', value = key] = /^(uuid|serial):(.*)$/s.exec(key) ?? [];
  return factsFrom({ [by]: value });
}

/** A key in any spelling in its one spelling; undefined for a text that names no machine. */
export function parseKey(text: string): MachineKey | undefined {
  return machineKey(keyFacts(text));
}

const TEXT_FACTS = ['serial', 'hostname', 'manufacturer', 'product'] as const;

/** A machine's facts out of texts: a node of a profile, a row of the journal, a DHCP packet. Absent texts are absent facts. */
export function factsFrom(
  texts: Readonly<Partial<Record<'mac' | 'uuid' | (typeof TEXT_FACTS)[number], string>>>,
): MachineFacts {
  const labels = TEXT_FACTS.map((name) => [name, parseLabel(texts[name] ?? '')]);
  const facts = { mac: parseSentMac(texts.mac ?? ''), uuid: parseUuid(texts.uuid ?? '') };
  return omitUndefined({ ...facts, ...(Object.fromEntries(labels) as MachineFacts) });
}

/** What a machine would say of itself that is this node of a profile. */
export function nodeFacts({ mac, uuid, serial }: Named): MachineFacts {
  return factsFrom({ mac, uuid, serial });
}

/** True when there is anything by which a machine could be matched. */
export function hasIdentity({ mac, uuid, serial }: Named): boolean {
  return mac !== undefined || uuid !== undefined || serial !== undefined;
}

/** What a machine or a node is known by, in the one spelling in which both compare. */
export function knownBy(of: Named, key: IdentityKey): string | undefined {
  const value = of[key];
  return key === 'serial' && value !== undefined ? comparableSerial(value) : value;
}

/** Machines pass through `parseLabel`, so what a person wrote in a file must too; case differs between firmwares. */
export function comparableSerial(serial: string): string | undefined {
  return parseLabel(serial)?.toLowerCase();
}

/** Under which names a machine's installation is remembered. */
export interface InstallIdentity {
  /** By what the machine was matched: its mark is kept under this. */
  readonly key: MachineKey;
  /** What else its profile says that it is known by: a mark under one of these is its own, too. */
  readonly also: readonly MachineKey[];
  /** What it said of itself, without what whole product lines share. */
  readonly machine: MachineIdentity;
}

/**
 * By what decided the match, so that a node matched by its UUID is the same machine when it boots from another network
 * card. Where no profile lists the machine: by its MAC, or what else it says. Undefined for a machine that says nothing of
 * itself: it could not be known as installed afterwards.
 */
export function identityOf(
  facts: MachineFacts,
  { by, node = {} }: { readonly by: IdentityKey | 'choice' | 'default'; readonly node?: Named } = { by: 'choice' },
): InstallIdentity | undefined {
  const machine = ownFacts(facts);
  const unlisted = by === 'default' || by === 'choice';
  const decided = unlisted ? IDENTITY_KEYS.find((one) => machine[one] !== undefined) : by;
  const key = decided === undefined ? undefined : keyBy(facts, decided);
  if (key === undefined) return undefined;
  const also = IDENTITY_KEYS.flatMap((one) => keyBy(node, one) ?? []);
  return { key, also: also.filter((one) => one !== key), machine };
}

/** What the machine says of itself that no other says, too. */
function ownFacts({ mac, uuid, serial }: MachineFacts): MachineIdentity {
  return omitUndefined({
    mac,
    uuid: uuid === undefined || isSharedUuid(uuid) ? undefined : uuid,
    serial: serial === undefined || isSharedSerial(serial) ? undefined : serial,
  });
}

function keyBy(of: Named, by: IdentityKey): MachineKey | undefined {
  const value = knownBy(of, by);
  return value === undefined || by === 'mac' ? value : `${by}:${value}`;
}

// Fixed length, no nested repetition: an expression such as ([0-9a-f]+[:-]?)+ takes seconds on 28 letters.
const MAC_SPELLINGS = [
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/,
  /^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$/,
  /^[0-9a-f]{12}$/,
];

/** Reads `52:54:00:..`, `52-54-00-..`, `5254.0055.1cee` or `525400551cee` in any case; anything else is undefined. */
export function parseMac(text: string): Mac | undefined {
  if (text.length > 17) return undefined;
  const lower = text.toLowerCase();
  if (!MAC_SPELLINGS.some((spelling) => spelling.test(lower))) return undefined;
  const digits = lower.replaceAll(/[:.-]/g, '');
  return digits.replaceAll(/(..)(?!$)/g, '$1:') as Mac;
}

/**
 * A MAC as programs send it: also as pxelinux and BOOTIF spell it, with the hardware type of Ethernet in front
 * (`01-52-54-00-55-1c-ee`, RFC 1700). Six pairs that begin with 01 stay what they are.
 */
export function parseSentMac(text: string): Mac | undefined {
  const typed = /^01([-:])(?=[0-9A-Fa-f]{2}\1)/.exec(text);
  return parseMac(text.length === 20 && typed !== null ? text.slice(3) : text);
}

/** Of the six bytes of an address on the wire. */
export function macOfBytes(bytes: Buffer): Mac {
  const hex = bytes.toString('hex', 0, 6);
  const pair = (at: number): string => hex.slice(at, at + 2);
  return `${pair(0)}:${pair(2)}:${pair(4)}:${pair(6)}:${pair(8)}:${pair(10)}` as Mac;
}

/** `52-54-00-55-1c-ee`: iPXE's `${mac:hexhyp}`, safe in URLs and file names. */
export function macHyphens(mac: Mac): string {
  return mac.replaceAll(':', '-');
}

const UUID_SPELLING = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for what looks like a UUID, whether or not it identifies anything. */
export function isUuidText(text: string): boolean {
  return UUID_SPELLING.test(text.toLowerCase());
}

/**
 * Undefined for anything malformed, and for the all-zero and all-one UUIDs: QEMU without `-uuid` and boards that were
 * never programmed report those, so they identify no machine (reference: FIRMWARE 4.1; SMBIOS 3.x, 7.2.1).
 */
export function parseUuid(text: string): Uuid | undefined {
  const lower = text.toLowerCase();
  if (!UUID_SPELLING.test(lower) || /^[0-]+$/.test(lower) || /^[f-]+$/.test(lower)) return undefined;
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

// Everything outside becomes "_". Missing on purpose: $ { } (iPXE expands them), # ; & | \ (they end or split an iPXE
// line), quotes, < > (markup). What is left is safe in a script, a page, a path segment's value and a log line.
const UNSAFE = /[^A-Za-z0-9._:/@%+,=~() -]/g;

/**
 * Cleans what a machine says of itself. Undefined when nothing is left (an unset iPXE setting is an empty string) or
 * when it holds control characters or is over 256 characters: no firmware sends that.
 */
export function parseLabel(text: string): Label | undefined {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (text.length > 256 || /[\u0000-\u001f\u007f]/.test(text)) return undefined;
  const clean = text.replaceAll(UNSAFE, '_').replaceAll(/ +/g, ' ').trim().slice(0, 128).trim();
  return clean === '' ? undefined : (clean as Label);
}

// What GRUB (`$grub_cpu`), dpkg, uname and people call the same processors.
const ARCH_SPELLINGS: Readonly<Record<MachineArch, string>> = {
  i386: 'i386 i486 i586 i686 x86',
  x86_64: 'x86_64 x86-64 x64 amd64',
  arm32: 'arm32 arm armhf',
  arm64: 'arm64 aarch64',
};
const ARCHES: ReadonlyMap<string, MachineArch> = new Map(
  Object.entries(ARCH_SPELLINGS).flatMap(([arch, words]) =>
    words.split(' ').map((word) => [word, arch as MachineArch]),
  ),
);

/** The processor that a word means, in iPXE's spelling; undefined for any other word. */
export function parseArch(text: string): MachineArch | undefined {
  return ARCHES.get(text.toLowerCase());
}

/**
 * UUIDs and serial numbers that whole product lines share, because the maker never programmed the board: no identity.
 * As dmidecode prints them on such boards, gathered from the block lists of inventory programs and from posted reports
 * (an INTEL X99 of AMI firmware 5.11: serial number "Default string", UUID 03000200-0400-0500-0006-000700080009).
 * All zeros and all ones: SMBIOS 3.x, 7.2.1, "not set" and "not present".
 */
const SHARED_UUIDS: ReadonlySet<string> = new Set([
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
const SHARED_SERIALS: ReadonlySet<string> = new Set(
  [
    'tobefilledbyoem tobefilled filledbyoem defaultstring default oem oemdefault oemdefault000',
    'systemserialnumber systemserial chassisserialnumber baseboardserialnumber mbserialnumber typeserialnumber',
    'serialnumber serial sernum sysserno sn none null empty na notavailable notapplicable notspecified notset',
    'invalid unknown undefined tbd todo test standard generic',
    '0123456789 123456789 1234567890 012345678 12345678 1234567 123456 12345 1234 123 9876543210 987654321',
  ].flatMap((line) => line.split(' ')),
);

/** True for a UUID by which two machines cannot be told apart. */
function isSharedUuid(uuid: string): boolean {
  const digits = uuid.toLowerCase().replaceAll('-', '');
  return SHARED_UUIDS.has(uuid.toLowerCase()) || /^(.)\1*$/.test(digits);
}

/** True for a serial number by which two machines cannot be told apart. */
function isSharedSerial(serial: string): boolean {
  const plain = serial.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return plain === '' || SHARED_SERIALS.has(plain) || /^(.)\1*$/.test(plain);
}

/** The object without the keys that are undefined: for what is merged by a spread later, counted, or compared by its keys. */
export function omitUndefined<T extends object>(object: T): T {
  // Mostly none is: this is asked for every answer.
  if (!Object.values(object).includes(undefined)) return { ...object };
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** An IPv4 client of a socket that listens on :: is seen at ::ffff:192.0.2.1 (RFC 4291, 2.5.5.2). */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** Whether an address, or a host as a URL has it, is the host's own: `127.0.0.1`, `::1`, `[::1]`, `localhost`. */
export function isLoopback(host: string): boolean {
  return /^(?:127(?:\.\d+){3}|::1|\[::1\]|localhost)$/.test(plainAddress(host));
}
