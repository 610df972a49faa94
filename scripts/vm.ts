// npm run vm: a virtual machine that boots from the running server. See HELP in vm/request.ts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { HELP, readRequest, scriptProblem } from './vm/request.ts';

async function main(): Promise<number> {
  const request = readRequest(process.argv.slice(2));
  if (request === 'help') {
    console.log(HELP);
    return 0;
  }
  if ('problem' in request) {
    console.error(`vm: ${request.problem}\n\n${HELP}`);
    return 2;
  }
  const problem = await scriptProblem(request.url);
  if (problem !== undefined) {
    console.error(`vm: ${problem}`);
    return 1;
  }
  console.error(`vm: booting from ${request.url}; Ctrl-A X ends the machine`);
  // The terminal is QEMU's: an interrupt that it passes on to this whole group is for the machine, not for us.
  process.on('SIGINT', () => undefined);
  return await new Promise((resolve, reject) => {
    const machine = spawn(join(import.meta.dirname, 'lab', 'bootvm.sh'), request.args, { stdio: 'inherit' });
    machine.on('error', reject);
    machine.on('close', (code) => {
      resolve(code ?? 1);
    });
  });
}

process.exitCode = await main();
