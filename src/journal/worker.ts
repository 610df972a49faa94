import { parentPort, workerData } from 'node:worker_threads';
import { packError, type Question, type Reply } from './channel.ts';
import { type DatabaseOptions, JournalDatabase } from './database.ts';

// The journal's thread: the database at the other end of openThread.
const database = new JournalDatabase(workerData as DatabaseOptions);

parentPort?.on('message', ({ id, request, args }: Question) => {
  database.call(request, ...(args as never)).then(
    (value) => {
      reply({ id, value });
    },
    (error: unknown) => {
      reply({ id, error: packError(error) });
    },
  );
});

function reply(answer: Reply): void {
  parentPort?.postMessage(answer);
}
