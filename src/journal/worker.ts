import { parentPort, workerData } from 'node:worker_threads';
import { Host, type HostOptions, type Requests } from './host.ts';
import { packError, type Question, type Reply } from './protocol.ts';

// The journal's thread: one question after the other, in the order in which they come.
const host = new Host(workerData as HostOptions);
let last: Promise<void> = Promise.resolve();

async function reply({ id, request, args }: Question): Promise<void> {
  let answer: Reply;
  try {
    answer = { id, value: await host.call(request, args as Parameters<Requests[typeof request]>) };
  } catch (error) {
    answer = { id, problem: packError(error) };
  }
  parentPort?.postMessage(answer);
  if (request === 'close') parentPort?.close();
}

parentPort?.on('message', (question: Question) => {
  last = last.then(() => reply(question));
});
