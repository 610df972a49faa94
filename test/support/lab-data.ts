import { mkdtemp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Payload, place } from './payload.ts';

/** A data directory of a test's own. */
export interface DataFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file as an editor does (replaced in one step); objects become JSON. */
  write(file: string, content: string | object): Promise<void>;
  /** Publishes the payload's kernel and initramfs under the names a system gives them. */
  publish(
    payload: Payload,
    shelf: string,
    names: { readonly kernel: string; readonly initramfs: string },
  ): Promise<void>;
}

/** The names that CoreOS Container Linux published, and that coreos-ipxe-server's script asks for. */
export const COREOS_NAMES = {
  kernel: 'coreos_production_pxe.vmlinuz',
  initramfs: 'coreos_production_pxe_image.cpio.gz',
} as const;

export const FLATCAR_NAMES = {
  kernel: 'flatcar_production_pxe.vmlinuz',
  initramfs: 'flatcar_production_pxe_image.cpio.gz',
} as const;

export async function makeDataFolder(files: Readonly<Record<string, string | object>> = {}): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), 'pilotlight-lab-'));
  for (const folder of ['profiles', 'configs', 'images', 'sshkeys']) await mkdir(join(path, folder));
  const data: DataFolder = {
    path,
    async write(file, content) {
      const target = join(path, file);
      await mkdir(dirname(target), { recursive: true });
      const draft = join(path, `draft-${file.replaceAll('/', '-')}`);
      await writeFile(draft, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
      await rename(draft, target);
    },
    async publish(payload, shelf, names) {
      await place(payload.kernel, join(path, 'images', shelf, names.kernel));
      await place(payload.initramfs, join(path, 'images', shelf, names.initramfs));
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
  for (const [file, content] of Object.entries(files)) await data.write(file, content);
  return data;
}
