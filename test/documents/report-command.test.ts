import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { needs } from '../support/needs.ts';
import { NO_SHELLCHECK, shellcheck } from '../support/units.ts';
import { RawClient } from '../support/tftp-client.ts';
import { reportCommand, type ReportTool } from '../../src/documents/units.ts';

const ALOUD = { pause: 5, aloud: true } as const;
const TOLD = 'Pilotlight does not hear the report, trying again';

/** What the stand-in server does with one request after the other. */
type Turn = (req: IncomingMessage, res: ServerResponse) => void;
const status =
  (code: number, location?: string): Turn =>
  (_req, res) => {
    res.writeHead(code, location === undefined ? {} : { location }).end('no');
  };
const cut: Turn = (req) => {
  req.socket.destroy();
};
const cutInTheHeaders: Turn = (req) => {
  req.socket.end('HTTP/1.1 2');
};
const TURNS: readonly Turn[] = [status(503), cut, status(503), cutInTheHeaders, status(500), status(429), status(200)];

/** Runs the command in a real shell with real tools; only the pauses are taken out. */
async function run(command: string, tool: ReportTool, as: string, onLine: (line: string) => void = () => undefined) {
  const bin = mkdtempSync(join(tmpdir(), 'pilotlight-report-'));
  onTestFinished(() => {
    rmSync(bin, { recursive: true });
  });
  const shim = (name: string, body: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  shim('sleep', 'exit 0');
  if (as !== tool) shim(tool, `exec ${as} ${tool} "$@"`);
  const env = { PATH: `${bin}:/usr/bin:/bin` };
  const child = spawn('sh', ['-c', `${command} && echo after`], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    onLine(out);
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, lines: out.trimEnd().split('\n'), log };
}

/** Answers as the turns say, then 200. `listen` may be called later than the first try. */
function substitute(turns: readonly Turn[]) {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    const turn = turns[asked.length] ?? status(200);
    asked.push(`${req.method ?? ''} ${req.url ?? ''}`);
    req.resume().once('end', () => {
      turn(req, res);
    });
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, server };
}

async function freePort(): Promise<number> {
  const probe = await RawClient.open();
  const { port } = probe.socket.address();
  probe.close();
  return port;
}

const TOOLS = [
  { tool: 'curl', as: 'curl' },
  { tool: 'wget', as: 'wget' },
  { tool: 'wget', as: 'busybox' },
] as const;

for (const { tool, as } of TOOLS) {
  const room = needs({ commands: [as, 'sh'] });
  room.test(`${as}: a report survives refused and cut connections, 503, 500 and 429`, async () => {
    const { asked, server } = substitute(TURNS);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/installed/52-54-00-55-1c-ee?serial=a%2Fb%20(c)`;
    // The server is away at first: it comes when the machine has said that it is not heard.
    const { code, lines, log } = await run(reportCommand(tool, url, ALOUD), tool, as, () => {
      if (!server.listening) server.listen(port, '127.0.0.1');
    });
    expect(log, log).not.toContain('usage');
    expect([code, lines.at(-1)]).toEqual([0, 'after']);
    expect(asked).toHaveLength(TURNS.length);
    expect(new Set(asked)).toEqual(new Set(['POST /installed/52-54-00-55-1c-ee?serial=a%2Fb%20(c)']));
    expect(lines.filter((line) => line === TOLD).length).toBeGreaterThanOrEqual(TURNS.length);
  });

  room.test(`${as}: gives up after a day, and what follows does not run`, async () => {
    // Half a day between two tries: there are two of them. The name has no address (RFC 6761).
    const command = reportCommand(tool, 'http://pilotlight.invalid/installed/x', { pause: 43_200, aloud: true });
    const { code, lines } = await run(command, tool, as);
    expect([code, lines]).toEqual([1, [TOLD]]);
  });
}

for (const tool of ['curl', 'wget'] as const) {
  needs({ commands: [tool, 'sh'] }).test(`${tool}: a redirect is no answer`, async () => {
    const { asked, server } = substitute([status(302, '/login'), status(303, '/login')]);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const { code } = await run(reportCommand(tool, `http://127.0.0.1:${port}/a`, ALOUD), tool, tool);
    expect([code, asked]).toEqual([0, ['POST /a', 'POST /a', 'POST /a']]);
  });
}

describe('the command', () => {
  it("says the machine's own name with curl, and is one line", () => {
    const text = reportCommand('curl', 'http://h/', { pause: 10, aloud: false });
    expect(text).toContain('--data-urlencode "hostname=$(uname -n)"');
    expect(text).not.toMatch(/\n|echo/);
    expect(text).toContain('-lt 8640 ]');
  });

  it.skipIf(NO_SHELLCHECK !== undefined)('is nothing that shellcheck would change', () => {
    for (const tool of ['curl', 'wget'] as const) {
      // $o is words on purpose.
      expect(shellcheck(`# shellcheck disable=SC2086\n${reportCommand(tool, 'http://h/a?b=c', ALOUD)}\n`)).toBe('');
    }
  });
});
