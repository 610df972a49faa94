// Run inside of a network namespace by tests: the DHCP server with a fixed policy until SIGTERM; `native` as an argument: by libc's sockets.
import { kernelPackets } from '../../src/dhcp/packet-transport.ts';
import { createDhcpServer } from '../../src/dhcp/server.ts';
import { SILENT } from '../../src/model/service.ts';

const listening = createDhcpServer(
  { host: '0.0.0.0', port: 67, bootServerPort: 4011 },
  {
    choose: (machine, server) => ({ file: machine.ipxe ? `http://${server}:4777/boot.ipxe` : 'snponly.efi' }),
    log: SILENT,
    ...(process.argv.includes('native') && {
      native: async (everybody) => await kernelPackets(SILENT, everybody, ['--import', import.meta.resolve('tsx')]),
    }),
  },
);
await listening.start();
process.once('SIGTERM', () => {
  listening.stop(AbortSignal.abort()).then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
console.log('ready');
