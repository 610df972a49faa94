import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';

/** A PE file as firmware reads it, with these bytes behind its headers: as little as a boot program can be. */
export function pe(
  machine: number,
  content: string | Buffer,
  more: { signed?: true; subsystem?: number } = {},
): Buffer {
  const header = Buffer.alloc(0x200);
  header.write('MZ', 0, 'latin1');
  header.writeUInt32LE(0x80, 0x3c);
  header.write('PE\0\0', 0x80, 'latin1');
  header.writeUInt16LE(machine, 0x84);
  const wide = machine !== 0x14c && machine !== 0x1c2;
  header.writeUInt16LE(wide ? 0x20b : 0x10b, 0x98);
  header.writeUInt16LE(more.subsystem ?? 10, 0x98 + 68);
  if (more.signed === true) header.writeUInt32LE(0x400, 0x98 + (wide ? 112 : 96) + 4 * 8 + 4);
  return Buffer.concat([header, Buffer.from(content)]);
}

export const MACHINE = { i386: 0x14c, arm32: 0x1c2, x86_64: 0x8664, arm64: 0xaa64, riscv64: 0x5064 } as const;

const IPXE = 'iPXE (http://ipxe.org/%08x)';

/** iPXE for UEFI, of a version. */
export function ipxeFor(arch: keyof typeof MACHINE, version = '2.0.0', more: { signed?: true } = {}): Buffer {
  return pe(MACHINE[arch], `\0${IPXE}\0${version}\0`, more);
}

/** A distribution's shim, or (`loads`) iPXE's own. */
export function shimFor(arch: 'arm64' | 'x86_64', loads = 'grubx64.efi'): Buffer {
  const sbat =
    'sbat,1,SBAT Version,sbat,1,https://x\nshim,4,UEFI shim,shim,1,https://y\nshim.debian,1,Debian,shim,16.1,https://z\n';
  const own = Buffer.from(`\\${loads}`, 'utf16le');
  return pe(MACHINE[arch], Buffer.concat([Buffer.from('\0'), own, Buffer.from(`\0\0${sbat}`)]), { signed: true });
}

export function grubFor(arch: 'arm64' | 'x86_64', version = '2.12', prefix?: string): Buffer {
  const sbat = `sbat,1,SBAT Version,sbat,1,https://x\ngrub,5,Free Software Foundation,grub,${version},https://y\n`;
  const modules = prefix === undefined ? '' : grubModules(prefix);
  return pe(MACHINE[arch], Buffer.concat([Buffer.from(`\0${sbat}`), Buffer.from(modules)]), { signed: true });
}

/** As grub-mkimage writes them: a head that is none, the head, a module (ELF), the prefix. */
function grubModules(prefix: string): Buffer {
  const module = (type: number, content: string): Buffer => {
    const bytes = Buffer.from(`${content}\0`.padEnd(Math.ceil((content.length + 1) / 8) * 8, '\0'));
    const head = Buffer.alloc(8);
    head.writeUInt32LE(type, 0);
    head.writeUInt32LE(8 + bytes.length, 4);
    return Buffer.concat([head, bytes]);
  };
  const all = Buffer.concat([module(0, '\x7fELF tftp'), module(3, prefix)]);
  const head = Buffer.alloc(24);
  head.write('mimg', 0);
  head.writeBigUInt64LE(24n, 8);
  head.writeBigUInt64LE(BigInt(24 + all.length), 16);
  return Buffer.concat([Buffer.from('mimg is what the kernel looks for  '), head, all]);
}

/** iPXE for a BIOS. */
export const UNDIONLY = Buffer.concat([Buffer.from([0xea, 0x05, 0x00, 0xc0, 0x07]), Buffer.alloc(4096, 1)]);

interface TarEntry {
  readonly path: string;
  readonly body?: string | Buffer;
  /** What a symbolic link leads to. */
  readonly link?: string;
  readonly type?: string;
}

/** A ustar archive. */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, body = '', link, type }) => {
    const bytes = Buffer.from(body);
    const header = Buffer.alloc(512);
    header.write(path.slice(0, 100), 0);
    header.write('0000644\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(type ?? (link === undefined ? '0' : '2'), 156);
    header.write(link ?? '', 157);
    header.write('ustar\x0000', 257);
    header.fill(' ', 148, 156);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** As the iPXE project releases it, in small: the links of the archive included. */
export function ipxeRelease(version = '2.0.0'): Buffer {
  return tarOf([
    { path: 'ipxeboot/', type: '5' },
    { path: 'ipxeboot/x86_64/undionly.kpxe', body: UNDIONLY },
    { path: 'ipxeboot/x86_64/snponly.efi', body: ipxeFor('x86_64', version) },
    { path: 'ipxeboot/x86_64/ipxe.efi', body: ipxeFor('x86_64', version) },
    { path: 'ipxeboot/i386/snponly.efi', body: ipxeFor('i386', version) },
    { path: 'ipxeboot/arm64/snponly.efi', body: ipxeFor('arm64', version) },
    { path: 'ipxeboot/x86_64-sb/shimx64.efi', body: shimFor('x86_64', 'ipxe.efi') },
    { path: 'ipxeboot/x86_64-sb/snponly-shim.efi', link: 'shimx64.efi' },
    { path: 'ipxeboot/x86_64-sb/snponly.efi', body: ipxeFor('x86_64', version, { signed: true }) },
    { path: 'ipxeboot/sb', link: 'x86_64-sb' },
    { path: 'ipxeboot/ipxe.efi', link: 'x86_64/ipxe.efi' },
  ]);
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A zip archive; a file whose name ends in .txt is stored as it is, the others are deflated. */
export function zipOf(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const [name, body] of Object.entries(files)) {
    const bytes = Buffer.from(body);
    const packed = name.endsWith('.txt') ? bytes : deflateRawSync(bytes);
    // From the version that it needs to the length of the extra field: in both headers.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(name.endsWith('.txt') ? 0 : 8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    list.push(Buffer.from('PK\x01\x02\0\0', 'latin1'), common, rest, Buffer.from(name));
    const local = [Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), packed];
    parts.push(...local);
    at += local.reduce((sum, { length }) => sum + length, 0);
  }
  const end = Buffer.alloc(18);
  const count = Object.keys(files).length;
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(Buffer.concat(list).length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, ...list, Buffer.from('PK\x05\x06', 'latin1'), end]);
}
