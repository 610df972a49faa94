// The discovery door over a database in a process of its own, which tests kill. HOST PORT DATABASE BASE
import Database from 'better-sqlite3';
import { argv } from 'node:process';
import { SILENT } from '../../src/domain/log.ts';
import { databaseStore } from './database-discovery.ts';
import { startDiscovery } from './discovery-stand.ts';

const [, , host = '127.0.0.1', port = '0', file = '', base = ''] = argv;
const stand = await startDiscovery({
  store: databaseStore(new Database(file)),
  log: SILENT,
  ...{ host, port: Number(port) },
  ...(base === '' ? {} : { base }),
});
console.log(stand.url);
