import type { HttpServerOptions } from '../../src/server/http-server.ts';
import type { StoredImage } from '../../src/images/store.ts';

/** An image store whose one file gives a byte whenever the test says so. */
export function slowImages(size: number): {
  imageStore: HttpServerOptions['imageStore'];
  give: () => void;
  opened: Promise<void>;
  closed: () => number;
} {
  let closed = 0;
  const waiting: (() => void)[] = [];
  let tell: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (tell = resolve));
  const file: StoredImage = {
    path: 'x',
    size,
    mtimeMs: 0,
    etag: '"x"',
    slice: async () => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        tell();
      });
      return { bytes: Buffer.from('x'), release: () => undefined };
    },
    close: () => (closed += 1),
  };
  return {
    imageStore: { open: async () => file },
    give: () => {
      for (const go of waiting.splice(0)) go();
    },
    opened,
    closed: () => closed,
  };
}
