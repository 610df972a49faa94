// The discovery server over a database in a process of its own, which tests kill. HOST DATABASE BASE. It is loaded and
// waits for a word on its standard input, so that a server that was killed is back at once.
import { DatabaseSync } from '@photostructure/sqlite';
import { argv, stdin } from 'node:process';
import { databaseStore } from './database-discovery.ts';
import { startDiscovery } from './discovery-setup.ts';

const [, , host = '127.0.0.1', file = '', base = ''] = argv;
stdin.once('data', () => {
  startDiscovery({ store: databaseStore(new DatabaseSync(file)), host, base }).then(
    ({ url }) => {
      console.log(url);
    },
    (error: unknown) => {
      throw error;
    },
  );
});
