import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesFile, type TftpAsk, type TftpSource } from '../../src/tftp/source.ts';

/** A source over one folder, for tests of the server: names were cleaned, and none plants links here. */
export function folderSource(folder: string): TftpSource & { readonly asks: TftpAsk[]; openFiles(): number } {
  const asks: TftpAsk[] = [];
  let opened = 0;
  return {
    asks,
    /** Files that are open now. */
    openFiles: () => opened,
    async open(ask) {
      asks.push(ask);
      const handle = await open(join(folder, ask.name), constants.O_RDONLY | constants.O_NONBLOCK).catch(
        () => undefined,
      );
      if (handle === undefined) return undefined;
      const stat = await handle.stat();
      if (!stat.isFile()) {
        await handle.close();
        return undefined;
      }
      opened += 1;
      return {
        size: stat.size,
        descriptor: handle.fd,
        async read(offset, length) {
          const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
          return buffer.subarray(0, bytesRead);
        },
        async close() {
          opened -= 1;
          await handle.close();
        },
      };
    },
  };
}

/** A source over names and bytes. */
export function bytesSource(files: Readonly<Record<string, Uint8Array>>): TftpSource & { readonly asks: TftpAsk[] } {
  const asks: TftpAsk[] = [];
  return {
    asks,
    open(ask) {
      asks.push(ask);
      const bytes = Object.hasOwn(files, ask.name) ? files[ask.name] : undefined;
      return Promise.resolve(bytes && bytesFile(bytes));
    },
  };
}
