import { gzipSync } from 'node:zlib';

export interface TarEntry {
  readonly path: string;
  readonly data?: Buffer;
  /** '0' file, '2' symbolic link, '5' folder. */
  readonly type?: string;
  readonly prefix?: string;
}

/** A .tar.gz in POSIX ustar format. */
export function tarGz(entries: readonly TarEntry[]): Buffer {
  return gzipSync(tar(entries));
}

export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, data = Buffer.alloc(0), type = '0', prefix = '' }) => {
    const header = Buffer.alloc(512);
    header.write(path, 0);
    header.write('0000644\0', 100);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    header.write('ustar\0', 257);
    header.write(prefix, 345);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
