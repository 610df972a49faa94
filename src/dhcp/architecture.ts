/** What kind of boot program a machine can run, and how it fetches it. */
export interface Target {
  readonly platform: 'pcbios' | 'efi';
  readonly arch: 'i386' | 'x86_64' | 'arm32' | 'arm64';
  /** UEFI HTTP Boot: the boot file is a URL. */
  readonly http: boolean;
}

/**
 * RFC 4578 2.1 with IANA's additions, and the field's usage: x64 UEFI is 7 in RFC 4578's text and 9 in its erratum;
 * firmware sends either. 21-24 (U-Boot) and 41 (Raspberry Pi) want other things than an NBP.
 */
const TARGETS: ReadonlyMap<number, Target> = new Map([
  [0, { platform: 'pcbios', arch: 'x86_64', http: false }],
  [6, { platform: 'efi', arch: 'i386', http: false }],
  [7, { platform: 'efi', arch: 'x86_64', http: false }],
  [9, { platform: 'efi', arch: 'x86_64', http: false }],
  [10, { platform: 'efi', arch: 'arm32', http: false }],
  [11, { platform: 'efi', arch: 'arm64', http: false }],
  [15, { platform: 'efi', arch: 'i386', http: true }],
  [16, { platform: 'efi', arch: 'x86_64', http: true }],
  [18, { platform: 'efi', arch: 'arm32', http: true }],
  [19, { platform: 'efi', arch: 'arm64', http: true }],
  [20, { platform: 'pcbios', arch: 'x86_64', http: true }],
]);

/** Option 93 is a list of 16-bit numbers: the first that we know. */
export function clientTarget(option93: Buffer): Target | undefined {
  if (option93.length === 0 || option93.length % 2 !== 0) return undefined;
  for (let at = 0; at < option93.length; at += 2) {
    const target = TARGETS.get(option93.readUInt16BE(at));
    if (target !== undefined) return target;
  }
  return undefined;
}

/** A Raspberry Pi's own firmware says architecture 0, which it is not; its address gives it away. */
const RASPBERRY = ['28:cd:c1', '2c:cf:67', 'b8:27:eb', 'd8:3a:dd', 'dc:a6:32', 'e4:5f:01'];

export function isRaspberryPi(mac: string): boolean {
  return RASPBERRY.some((prefix) => mac.startsWith(prefix));
}
