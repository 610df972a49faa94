import { spawn } from 'node:child_process';

/** How a command ended: its exit code (a signal counts as 1), or that there is no such program. */
export type Exit = number | 'missing';

/** Runs a command and keeps what it says. */
export async function runQuiet(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly code: Exit; readonly output: string; readonly seconds: number }> {
  const began = performance.now();
  const said: Buffer[] = [];
  const code = await new Promise<Exit>((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve('missing');
      else reject(error);
    });
    child.on('close', (status) => {
      resolve(status ?? 1);
    });
  });
  return { code, output: Buffer.concat(said).toString().trim(), seconds: (performance.now() - began) / 1000 };
}

/** Runs a command in this terminal. */
export async function runLive(command: string, args: readonly string[], cwd: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (status) => {
      resolve(status ?? 1);
    });
  });
}
