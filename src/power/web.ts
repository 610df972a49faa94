import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Failure } from '../model/failure.ts';
import { type Power, POWER_ACTIONS, type PowerAction, powerDone, type PowerDriver, powerIs } from '../model/power.ts';
import type { SecretRef } from '../model/secret.ts';
import { lastLine } from './program.ts';

export interface WebQuestion {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** SHA-256 of the only certificate that is taken; without one an authority that this host trusts must have signed it. */
  readonly fingerprint?: string | undefined;
  readonly signal: AbortSignal;
}

export interface WebAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** At most 1 MiB. */
  readonly body: string;
}

const MOST = 2 ** 20;

/**
 * One request to a device of the operator's. Redirects are not followed: what is sent may be a password. It leaves only
 * after the certificate was looked at. Throws Failure; the signal's reason when that aborts.
 */
export async function askWeb(url: URL, question: WebQuestion): Promise<WebAnswer> {
  const { signal } = question;
  try {
    const socket = await openSocket(url, question);
    try {
      return await exchange(url, question, socket);
    } finally {
      socket.destroy();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof Failure ? error : connectionFailure(url, error);
  }
}

async function openSocket(url: URL, { fingerprint, signal }: WebQuestion): Promise<Socket> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const socket = secure
    ? // Judged below, before anything is sent.
      connectTls({ host, port, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) })
    : connect({ host, port });
  const cut = (): void => {
    socket.destroy(new Error('aborted'));
  };
  signal.addEventListener('abort', cut, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('close', () => {
        reject(new Error('closed'));
      });
      socket.once(secure ? 'secureConnect' : 'connect', resolve);
      if (signal.aborted) cut();
    });
    if (secure) judge(socket as TLSSocket, url.host, fingerprint);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', cut);
    // One without a listener would end the process; what fails later is told by the request.
    socket.on('error', () => undefined);
  }
}

function judge(socket: TLSSocket, host: string, fingerprint: string | undefined): void {
  const seen = socket.getPeerCertificate().fingerprint256;
  if (fingerprint === undefined) {
    if (socket.authorized) return;
    throw new Failure(
      'refused',
      `no authority that this server trusts has signed the certificate of ${host} for that name`,
      {
        remedy: `if its fingerprint is what the device itself shows, write "fingerprint": "${seen}"`,
      },
    );
  }
  const plain = (print: string): string => print.replaceAll(':', '').toUpperCase();
  if (plain(seen) === plain(fingerprint)) return;
  throw new Failure('refused', `the certificate of ${host} is another one than the profile pins: nothing was sent`, {
    remedy: `it may be renewed, or another device may answer; its fingerprint is now ${seen}`,
  });
}

async function exchange(url: URL, { method, headers, body, signal }: WebQuestion, socket: Socket): Promise<WebAnswer> {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return await new Promise((resolve, reject) => {
    const asked: ClientRequest = request({
      createConnection: () => socket,
      method,
      path: `${url.pathname}${url.search}`,
      headers: {
        ...{ host: url.host, 'user-agent': 'pilotlight', 'accept-encoding': 'identity', connection: 'close' },
        ...headers,
        ...length,
      },
      signal,
    });
    asked.on('error', reject);
    asked.on('response', (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on('data', (part: Buffer) => {
        size += part.length;
        parts.push(part);
        if (size > MOST) answer.destroy(new Failure('unavailable', `${url.host} answers with more than 1 MiB`));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(parts).toString('utf8'),
        });
      });
    });
    asked.end(body);
  });
}

function connectionFailure({ host }: URL, cause: unknown): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'closed';
  const said: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
    ECONNREFUSED: [`nothing listens at ${host}`, 'is it the right address and port, is its web service switched on?'],
    ENOTFOUND: [`the name ${host} is not known here`, 'mend the address, or ask its DNS'],
    EAI_AGAIN: [`the name ${host} cannot be looked up now`, 'is the DNS of this server reachable?'],
  };
  const [message, remedy] = said[code] ?? [
    /^E(?:HOST|NET)UNREACH$|^ETIMEDOUT$/.test(code)
      ? `${host} cannot be reached (${code})`
      : `${host} ends the connection, or speaks no ${code.startsWith('HPE_') ? 'HTTP' : 'such protocol'} (${code})`,
    'is it switched on, and is the address right?',
  ];
  return new Failure('unavailable', message, { remedy, cause });
}

type Requests = Extract<Power, { http: unknown }>['http'];

/** `http`: requests to a smart plug, a PoE switch, a home automation, a KVM. */
export function webHookDriver(
  requests: Requests,
  secret: (ref: SecretRef) => Promise<string>,
  controller: string,
): PowerDriver {
  async function perform(action: PowerAction, signal: AbortSignal): Promise<WebAnswer> {
    const { url, method = 'GET', headers = {}, body } = requests[action] ?? { url: '' };
    const lines: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers))
      lines[name.toLowerCase()] = typeof value === 'string' ? value : headerValue(name, await secret(value));
    const target = new URL(url);
    const answer = await askWeb(target, { method, headers: lines, body, fingerprint: requests.fingerprint, signal });
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw refusal(target, answer);
  }

  return {
    by: 'a web request',
    does: POWER_ACTIONS.filter((action) => requests[action] !== undefined),
    controller,
    async act(action, signal) {
      const { body } = await perform(action, signal);
      if (action !== 'status') return powerDone(action, new URL(requests[action]?.url ?? '').host);
      const on = requests.status?.on_when;
      if (on === undefined) {
        throw new Failure('conflict', 'the profile does not say how the answer to "status" is read', {
          remedy: 'add "on_when": a text that is in the answer when the machine is on',
        });
      }
      return powerIs(body.includes(on) ? 'on' : 'off');
    },
  };
}

function headerValue(name: string, value: string): string {
  if (/^[ -~]*$/.test(value)) return value;
  throw new Failure('broken', `the secret for the header ${name} is not one line of printable ASCII`);
}

function refusal({ host }: URL, { status, headers, body }: WebAnswer): Failure {
  if (status >= 300 && status < 400) {
    return new Failure('unavailable', `${host} sends the request elsewhere (status ${status}): it was not followed`, {
      remedy: `write the address to which it leads${place(headers.location, host)}`,
    });
  }
  if (status === 401 || status === 403) {
    return new Failure('refused', `${host} does not let us in (status ${status})`, { remedy: 'mend its `headers`' });
  }
  const said = lastLine(body);
  return new Failure('unavailable', `${host} answers with status ${status}${said && `: ${said}`}`);
}

function place(location: string | undefined, host: string): string {
  if (location === undefined || !URL.canParse(location, `http://${host}`)) return '';
  return `: ${new URL(location, `http://${host}`).host}`;
}
