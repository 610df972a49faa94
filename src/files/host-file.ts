import { readdir, readFile, readlink } from 'node:fs/promises';

/** What the host says of itself below /proc. Undefined or empty for what is not there or not for us to see. */
export interface HostFiles {
  read(path: string): Promise<string | undefined>;
  list(path: string): Promise<readonly string[]>;
  link(path: string): Promise<string | undefined>;
}

/** Never for paths that a request or a profile names: those go through a DataRoot. */
export const HOST_FILES: HostFiles = {
  read: async (path) => await readFile(path, 'utf8').catch(() => undefined),
  list: async (path) => await readdir(path).catch(() => []),
  link: async (path) => await readlink(path).catch(() => undefined),
};
