import type { BootService } from '../boot/boot-service.ts';
import { Failure } from '../model/failure.ts';
import type { Log } from '../model/service.ts';
import type { Origin } from '../model/plan.ts';
import { plainAddress } from '../http/request-head.ts';
import type { TftpAsk, TftpBytes, TftpFile, TftpSource } from '../tftp/source.ts';
import { createOnce } from '../net/udp-socket.ts';
import type { OpenFile } from '../files/data-root.ts';
import type { FirmwareStore } from '../images/firmware.ts';
import type { ImageStore, StoredImage } from '../images/store.ts';
import type { TftpSettings } from '../settings/settings.ts';
import { wantsScriptInsteadOf } from '../tftp/file-name.ts';

export interface TftpSourceOptions {
  readonly bootService: BootService;
  readonly firmware: FirmwareStore;
  /** The same guarded way to an image as HTTP has: no drafts, no hidden files, nothing outside images/. */
  readonly shelf: Pick<ImageStore, 'open'>;
  readonly settings: Pick<TftpSettings, 'smartNbp' | 'images'>;
  /** Where machines that asked at this address reach our HTTP door. */
  readonly originAt: (server: string) => Origin;
  readonly log: Log;
}

/** What lies behind the TFTP server: the boot service decides, the stores of boot programs and images have the bytes. */
export function createTftpSource(options: TftpSourceOptions): TftpSource {
  const { bootService, firmware, shelf, settings, originAt, log } = options;
  const first = createOnce();

  async function open(ask: TftpAsk): Promise<TftpFile | TftpBytes | undefined> {
    const loops = settings.smartNbp && wantsScriptInsteadOf(ask.name, ask.options);
    const asker = plainAddress(ask.client.address);
    const answer = await bootService.file({ name: ask.name, origin: originAt(ask.server), loops, asker });
    const about = { file: ask.name, from: ask.client.address };
    switch (answer?.kind) {
      case undefined:
        if (isRaspberryPiFile(ask.name) && first(ask.client.address)) {
          log.info(
            { ...about, remedy: 'put UEFI firmware on its card, see docs/network.md' },
            'tftp: the firmware of a Raspberry Pi wants files of its own, which are not served here',
          );
        }
        log.debug(about, 'tftp: no such file');
        return undefined;
      case 'text':
        log.info({ ...about, because: answer.because }, 'tftp: sending a script');
        return { kind: 'bytes', bytes: Buffer.from(answer.text) };
      case 'image':
        return settings.images ? await image(answer.path) : undefined;
      case 'program': {
        const found = await firmware.open(answer.program);
        if (found === undefined) {
          log.warn(
            { ...about, remedy: 'apt install ipxe, or set PILOTLIGHT_FIRMWARE_DIR' },
            'tftp: a boot program is missing',
          );
          return undefined;
        }
        log.info({ ...about, program: answer.program.title }, 'tftp: sending a boot program');
        return lend(found);
      }
    }
  }

  /** What is not there and what may not be read look the same to whoever asks, and are nobody's emergency. */
  async function image(path: string): Promise<TftpFile | undefined> {
    try {
      return lendImage(await shelf.open(path));
    } catch (error) {
      if (error instanceof Failure && (error.code === 'not-found' || error.code === 'refused')) return undefined;
      throw error;
    }
  }

  return { open };
}

/** Its boot ROM asks for `SERIAL/start4.elf` and the like, where SERIAL is the end of its serial number or nothing. */
function isRaspberryPiFile(name: string): boolean {
  return /^\/*(?:[0-9a-f]{8}\/)?(?:bootcode\.bin|start\w*\.elf|fixup\w*\.dat|autoboot\.txt|bootsig\.bin|recovery\.elf)$/i.test(
    name,
  );
}

function lend(file: OpenFile): TftpFile {
  return {
    kind: 'file',
    size: file.size,
    async read(offset, length) {
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await file.handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    async close() {
      await file.handle.close();
    },
  };
}

function lendImage(file: StoredImage): TftpFile {
  return {
    kind: 'file',
    size: file.size,
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
