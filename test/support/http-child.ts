// A server in a process of its own, for tests that take the process's resources away. Prints its port.
import { SILENT } from '../../src/model/service.ts';
import { createHttpServer } from '../../src/server/http-server.ts';
import { fakeBootService } from './fake-boot-service.ts';
import { operatorOptions } from './operator-setup.ts';

const listening = createHttpServer({
  listen: { host: '127.0.0.1', port: 0 },
  baseUrl: undefined,
  bootService: fakeBootService({ start: () => '#!ipxe\nboot\n' }),
  imageStore: { open: async () => Promise.reject(new TypeError('no images here')) },
  log: SILENT,
  health: () => ({ status: 'ok' }),
  profileSchema: Buffer.from('{"title":"of a test"}'),
  bootPrograms: { open: async () => undefined },
  reports: { up: async () => undefined, installed: async () => undefined },
  ...operatorOptions(),
});
await listening.start();
console.log(listening.address()?.port);
