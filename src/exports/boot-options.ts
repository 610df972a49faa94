import { Failure } from '../model/failure.ts';
import type { Origin } from '../model/origin.ts';

/** Where machines find us. */
export interface Server {
  /** IPv4: DHCP's next-server has no room for anything else. */
  readonly address: string;
  readonly origin: Origin;
}

interface Kind {
  readonly tag: string;
  /** Option 93, RFC 4578 2.1 and IANA's list; x64 UEFI is 7 in the text and 9 in the erratum, firmware sends either. */
  readonly arches: readonly number[];
  readonly program: string;
  /** UEFI HTTP Boot: the boot file is a URL. */
  readonly http: boolean;
}

export const KINDS: readonly Kind[] = [
  { tag: 'bios', arches: [0], program: 'undionly.kpxe', http: false },
  { tag: 'efi-x64', arches: [7, 9], program: 'snponly.efi', http: false },
  { tag: 'efi-ia32', arches: [6], program: 'snponly-i386.efi', http: false },
  { tag: 'efi-arm64', arches: [11], program: 'snponly-arm64.efi', http: false },
  { tag: 'http-x64', arches: [16], program: 'ipxe.efi', http: true },
  { tag: 'http-arm64', arches: [19], program: 'snponly-arm64.efi', http: true },
];

/** The boot file field of a DHCP answer, without its final zero. */
const FIELD_BYTES = 127;

/**
 * dnsmasq's options that send every kind of machine to us. iPXE is known by its user class, or, where a ROM hides that
 * from the iPXE that it loads, by option 175; it gets the script and never a program again, which would loop for ever.
 */
export function bootOptions(server: Server): readonly string[] {
  const url = (path: string): string => {
    const text = `${server.origin}/${path}`;
    if (text.length <= FIELD_BYTES) return text;
    throw new Failure('invalid', `${text} does not fit into DHCP's boot file field of ${String(FIELD_BYTES)} bytes`, {
      remedy: 'use a shorter base URL',
    });
  };
  const plain = KINDS.filter((kind) => !kind.http);
  const http = KINDS.filter((kind) => kind.http);
  return [
    'dhcp-userclass=set:ipxe,iPXE',
    'dhcp-match=set:ipxe,175',
    ...KINDS.flatMap((kind) =>
      kind.arches.map((arch) => `dhcp-match=set:${kind.tag},option:client-arch,${String(arch)}`),
    ),
    `dhcp-boot=tag:ipxe,${url('boot.ipxe')}`,
    ...plain.map((kind) => `dhcp-boot=tag:!ipxe,tag:${kind.tag},${kind.program},,${server.address}`),
    ...http.flatMap((kind) => [
      // Firmware drops an offer for HTTP Boot that does not repeat its vendor class, and it does not ask for option 60.
      `dhcp-option-force=tag:!ipxe,tag:${kind.tag},60,HTTPClient`,
      `dhcp-boot=tag:!ipxe,tag:${kind.tag},${url(`firmware/${kind.program}`)}`,
    ]),
  ];
}
