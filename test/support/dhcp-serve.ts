// Run inside of a network namespace by tests: the DHCP server with a fixed policy until SIGTERM.
import { createDhcpServer } from '../../src/dhcp/server.ts';
import { SILENT } from '../../src/model/service.ts';

const listening = createDhcpServer(
  { host: '0.0.0.0', port: 67, bootServerPort: 4011 },
  {
    choose: (machine, server) => ({ file: machine.ipxe ? `http://${server}:4777/boot.ipxe` : 'snponly.efi' }),
    log: SILENT,
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
