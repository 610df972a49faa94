import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { run } from '../../src/cli/cli.ts';

import { addFiles, makeFolder, type FolderFiles } from './folder.ts';
import { operatorSetup, type AdminAnswers, TOKEN, type OperatorSetup } from './operator-setup.ts';
import type { CliRun } from './run-cli.ts';

export interface CliSetup extends OperatorSetup {
  readonly dir: string;
  readonly url: string;
  /** The address and the Authorization line of each request. */
  readonly asked: (readonly [request: string, authorization: string | undefined])[];
  /** Nobody answers from now on. */
  hangUp(): Promise<void>;
}

/** A data directory on which a server runs: the operators' own server before an admin service that a test made. */
export async function cliSetup(answers: AdminAnswers = {}, files: FolderFiles = {}): Promise<CliSetup> {
  const setup = operatorSetup(answers);
  const asked: (readonly [string, string | undefined])[] = [];
  const server = createServer((req, res) => {
    if (req.url === '/healthz') {
      res.end(JSON.stringify({ status: 'ok', instance: 'me' }));
      return;
    }
    asked.push([`${req.method ?? ''} ${req.url ?? ''}`, req.headers.authorization]);
    setup.listening.handle(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hangUp = async (): Promise<void> => {
    setup.listening.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(hangUp);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dir = makeFolder(files);
  addFiles(dir, {
    'state/server.json': { pid: 1, url, startedAt: 1, instance: 'me' },
    'state/admin-token': `${TOKEN}\n`,
  });
  return { ...setup, dir, url, asked, hangUp };
}

export interface Terminal {
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
  readonly stop?: AbortSignal;
  /** Hears what is written to standard output. */
  readonly heard?: (text: string) => void;
}

/** One command line on a data directory; on a terminal when `columns` says how wide it is. */
export async function runAt(dir: string, argv: readonly string[], terminal: Terminal = {}): Promise<CliRun> {
  const out: string[] = [];
  const err: string[] = [];
  const { columns, rows } = terminal;
  const code = await run(argv, {
    env: terminal.env ?? {},
    cwd: dir,
    stdout: {
      write: (text) => {
        out.push(text);
        terminal.heard?.(text);
      },
      isTTY: columns !== undefined,
      columns,
      rows,
    },
    stderr: { write: (text) => err.push(text) },
    stop: terminal.stop ?? new AbortController().signal,
    force: new AbortController().signal,
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}
