// A door in a process of its own, for tests that take the process's resources away. Prints its port.
import { SILENT } from '../../src/model/service.ts';
import { createHttpServer } from '../../src/server/http-server.ts';
import { fakeDesk } from './http-desk.ts';
import { operatorOptions } from './operator-stand.ts';

const door = createHttpServer({
  listen: { host: '127.0.0.1', port: 0 },
  baseUrl: undefined,
  bootService: fakeDesk({ start: () => '#!ipxe\nboot\n' }),
  shelf: { open: async () => Promise.reject(new TypeError('no images here')) },
  log: SILENT,
  health: () => ({ status: 'ok' }),
  profileSchema: Buffer.from('{"title":"of a test"}'),
  bootPrograms: { open: async () => undefined },
  reports: { up: async () => undefined, installed: async () => undefined },
  ...operatorOptions(),
});
await door.start();
console.log(door.address()?.port);
