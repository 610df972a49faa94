// Run by bench/tftp.ts: the TFTP door alone over a folder. All of the bench's clients have one address, which a real
// server takes for one machine with too many transfers.
import { createTftpServer } from '../src/tftp/server.ts';
import { SILENT } from '../src/model/service.ts';
import { folderSource } from '../test/support/tftp-files.ts';

const [folder = '.', port = '0'] = process.argv.slice(2);
const door = createTftpServer(
  { host: '127.0.0.1', port: Number(port), perAddress: 256 },
  { source: folderSource(folder), log: SILENT },
);
await door.start();
