import type { BootPrograms } from '../boot/boot-programs.ts';
import { PI_REMEDY } from '../boot/raspberry-pi.ts';
import { programRemedy } from '../images/boot-program-table.ts';
import type { ImageStore, StoredImage } from '../images/store.ts';
import { unlessFailed } from '../model/failure.ts';
import { plainAddress } from '../model/machine.ts';
import type { Origin } from '../model/plan.ts';
import type { Log } from '../model/service.ts';
import { createOnce } from '../net/udp-socket.ts';
import type { TftpOption } from './packet.ts';

/** Where answers come from. */
export interface TftpSource {
  /** Undefined: there is no such file, or not for this client. What it throws is answered with ERROR 0. */
  open(ask: TftpAsk): Promise<TftpFile | undefined>;
}

/** Who asks, at which of our addresses, and how: options tell iPXE from firmware. */
export interface TftpAsk {
  /** Cleaned: relative, plain segments, printable ASCII. Not checked against anything else. */
  readonly name: string;
  readonly options: readonly TftpOption[];
  readonly client: { readonly address: string; readonly port: number };
  /** Our address that was asked. */
  readonly server: string;
}

/** An open file of a known size. Its content must not change under us: a replaced file keeps the old one open. */
export interface TftpFile {
  /** Bytes. */
  readonly size: number;
  /** Where it is a file of the system: what `read` gives can be read from there, too, until `close`. */
  readonly descriptor?: number;
  /** Its own name, where it was asked for by another one. */
  readonly liesAt?: string;
  /** At least one and at most `length` bytes from `offset`; none only at the end. Called once at a time. */
  read(offset: number, length: number): Promise<Uint8Array> | Uint8Array;
  /** Called once, when no read is under way. */
  close(): Promise<void>;
}

export interface TftpSourceOptions {
  readonly bootPrograms: Pick<BootPrograms, 'needsImages' | 'open' | 'openPi'>;
  /** The same guarded way to an image as HTTP has: no drafts, no hidden files, nothing outside images/. */
  readonly imageStore: Pick<ImageStore, 'open'>;
  readonly settings: {
    /** Whether iPXE that asks for a boot program gets the start script. */
    readonly smartNbp: boolean;
    /** Whether images are served. */
    readonly images: boolean;
  };
  /** Where machines that asked at this address reach our HTTP server. */
  readonly originAt: (server: string) => Origin;
  readonly log: Log;
}

/** The boot programs, the scripts and the images, by their names. */
export function createTftpSource({ bootPrograms, imageStore, settings, originAt, log }: TftpSourceOptions): TftpSource {
  const first = createOnce();

  async function open({ name, options, client, server }: TftpAsk): Promise<TftpFile | undefined> {
    const about = { file: name, from: client.address };
    const images = settings.images || bootPrograms.needsImages();
    const asked = { name, origin: originAt(server), asker: plainAddress(client.address) };
    const ipxe = settings.smartNbp && isIpxeRequest(options);
    const found = (await bootPrograms.openPi(asked)) ?? (await bootPrograms.open({ ...asked, ipxe, images }));
    switch (found?.kind) {
      case undefined:
        if (isRaspberryPiFile(name) && first(client.address)) {
          log.info(
            {
              ...about,
              remedy: PI_REMEDY,
            },
            'tftp: the firmware of a Raspberry Pi wants a file of its own, which is not here',
          );
        }
        log.debug(about, 'tftp: no such file');
        return undefined;
      case 'text':
        log.info({ ...about, because: found.because }, 'tftp: sending a script');
        return bytesFile(Buffer.from(found.text));
      case 'file':
        log.debug({ ...about, because: found.because }, 'tftp: sending a file of firmware');
        return found.file;
      case 'absent':
        // Asked for first; the others of its folder are many.
        log[name.endsWith('/config.txt') ? 'info' : 'debug'](
          { ...about, because: found.because },
          'tftp: there is nothing for this machine to boot now',
        );
        return undefined;
      case 'image':
        return images ? await image(found.path) : undefined;
      case 'program':
        if (found.file === undefined) {
          const remedy = programRemedy(found.program);
          log.warn({ ...about, remedy }, 'tftp: a boot program is missing');
        } else {
          log.info({ ...about, program: found.program.title }, 'tftp: sending a boot program');
        }
        return found.file;
    }
  }

  /** What is not there and what may not be read look the same to any client, and are everyday. */
  async function image(path: string): Promise<TftpFile | undefined> {
    const file = await unlessFailed(imageStore.open(path), 'not-found', 'refused');
    return file && imageFile(file, `images/${path}`);
  }

  return { open };
}

/**
 * iPXE asks for `blksize 1432` and then `tsize 0`, in this order and nothing else (its code is unchanged since 2013);
 * firmware differs: OVMF sends `tsize 0, blksize 1468, windowsize 4`. A network card's ROM that happens to ask in the
 * same way would be misled; none is known, and a setting turns this off.
 */
export function isIpxeRequest(options: readonly TftpOption[]): boolean {
  const [first, second] = options;
  return (
    options.length === 2 &&
    first?.name.toLowerCase() === 'blksize' &&
    first.value === '1432' &&
    second?.name.toLowerCase() === 'tsize' &&
    second.value === '0'
  );
}

/** Its boot ROM asks for `SERIAL/start4.elf` and the like, where SERIAL is the end of its serial number or nothing. */
function isRaspberryPiFile(name: string): boolean {
  return /^\/*(?:[0-9a-f]{8}\/)?(?:bootcode\.bin|start\w*\.elf|fixup\w*\.dat|autoboot\.txt|bootsig\.bin|recovery\.elf)$/i.test(
    name,
  );
}

/** Something short that was made for this machine, such as a boot script. */
export function bytesFile(bytes: Uint8Array): TftpFile {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    close: () => Promise.resolve(),
  };
}

function imageFile(file: StoredImage, liesAt: string): TftpFile {
  return {
    size: file.size,
    ...(file.source && { descriptor: file.source.handle.fd }),
    liesAt,
    async read(offset, length) {
      const slice = await file.slice(offset, Math.min(offset + length, file.size));
      try {
        return Buffer.from(slice.bytes);
      } finally {
        slice.release();
      }
    },
    close() {
      file.close();
      return Promise.resolve();
    },
  };
}
