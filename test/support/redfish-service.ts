import { randomBytes, X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a test wants to be otherwise. */
export interface RedfishOddity {
  /** Session login is switched off: 404, and Basic alone counts. */
  readonly noSessions?: boolean;
  /** Of the systems; `1` alone when absent. */
  readonly systems?: readonly string[];
  readonly resets?: readonly string[];
  readonly boots?: readonly string[];
  /** PATCH wants `If-Match`, and the ETag changes once behind the client's back. */
  readonly etags?: boolean;
  /** Answers a request in the place of the service; true when it did. */
  readonly instead?: (req: IncomingMessage, res: ServerResponse) => boolean;
}

/**
 * A Redfish service of one machine, as strict as DSP0266 lets one be: credentials on everything but the root and the
 * login, JSON alone in bodies, only listed values, 405 for what a resource does not do.
 */
export interface RedfishService extends AsyncDisposable {
  readonly url: string;
  readonly fingerprint: string;
  state: 'On' | 'Off';
  /** What the next boot comes from, once. */
  boot: string;
  /** Method, path and what was done: `POST /redfish/v1/Systems/1/Actions/ComputerSystem.Reset ForceOff`. */
  readonly asked: string[];
  /** Sessions that were not ended. */
  readonly sessions: ReadonlySet<string>;
  /** The credentials with which something was asked. */
  readonly credentials: Set<string>;
}

export const REDFISH_USER = 'ops';
export const REDFISH_PASSWORD = 'correct horse';

export async function startRedfish(
  pair: { readonly cert: string; readonly key: string },
  odd: RedfishOddity = {},
): Promise<RedfishService> {
  const sessions = new Map<string, string>();
  const { resets = ['On', 'ForceOff', 'GracefulShutdown', 'ForceRestart', 'PowerCycle'], systems = ['1'] } = odd;
  const boots = odd.boots ?? ['None', 'Pxe', 'Hdd', 'UefiHttp'];
  let version = 1;
  const server = createServer(pair, (req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      if (odd.instead?.(req, res) !== true) answer(req, res, Buffer.concat(parts).toString());
    });
  });

  function answer(req: IncomingMessage, res: ServerResponse, text: string): void {
    const path = (req.url ?? '').replace(/\/+$/, '');
    const at = `${req.method ?? ''} ${path}`;
    const give = (status: number, value?: object, headers: Record<string, string> = {}): void => {
      res.writeHead(status, { 'content-type': 'application/json', 'odata-version': '4.0', ...headers });
      res.end(value === undefined ? undefined : JSON.stringify(value));
    };
    const fail = (status: number, message: string): void => {
      const info = { MessageId: 'Base.1.0.GeneralError', Message: message };
      give(status, { error: { code: 'Base.1.0.GeneralError', message, '@Message.ExtendedInfo': [info] } });
    };
    let body: Record<string, unknown> = {};
    if (text !== '') {
      if (req.headers['content-type'] !== 'application/json') {
        fail(415, 'only application/json is taken');
        return;
      }
      body = JSON.parse(text) as Record<string, unknown>;
    }
    service.asked.push(at + (typeof body['ResetType'] === 'string' ? ` ${body['ResetType']}` : ''));
    if (at === 'GET /redfish') {
      give(200, { v1: '/redfish/v1/' });
      return;
    }
    if (at === 'GET /redfish/v1') {
      give(200, {
        ...{ '@odata.id': '/redfish/v1/', RedfishVersion: '1.6.0', Systems: { '@odata.id': '/redfish/v1/Systems' } },
        ...{ SessionService: { '@odata.id': '/redfish/v1/SessionService' } },
        Links: odd.noSessions === true ? {} : { Sessions: { '@odata.id': '/redfish/v1/SessionService/Sessions' } },
      });
      return;
    }
    if (at === 'POST /redfish/v1/SessionService/Sessions') {
      if (odd.noSessions === true) {
        fail(404, 'there are no sessions');
        return;
      }
      if (body['UserName'] !== REDFISH_USER || body['Password'] !== REDFISH_PASSWORD) {
        fail(401, 'wrong login');
        return;
      }
      const token = randomBytes(16).toString('hex');
      const id = `/redfish/v1/SessionService/Sessions/${sessions.size + 1}`;
      sessions.set(token, id);
      give(201, { '@odata.id': id }, { 'x-auth-token': token, location: id });
      return;
    }
    const basic = `Basic ${Buffer.from(`${REDFISH_USER}:${REDFISH_PASSWORD}`).toString('base64')}`;
    const token = String(req.headers['x-auth-token'] ?? '');
    if (!sessions.has(token) && req.headers.authorization !== basic) {
      fail(401, 'log in first');
      return;
    }
    service.credentials.add(sessions.has(token) ? 'session' : 'Basic');
    if (at === `DELETE ${sessions.get(token) ?? ''}`) {
      sessions.delete(token);
      give(204);
      return;
    }
    const base = '/redfish/v1/Systems';
    if (at === `GET ${base}`) {
      give(200, {
        'Members@odata.count': systems.length,
        Members: systems.map((id) => ({ '@odata.id': `${base}/${id}` })),
      });
      return;
    }
    const [, id = '', action] = /^\/redfish\/v1\/Systems\/([^/]+)(\/Actions\/ComputerSystem\.Reset)?$/.exec(path) ?? [];
    if (!systems.includes(id)) {
      fail(404, `there is no ${path}`);
      return;
    }
    if (action !== undefined) {
      if (req.method !== 'POST') {
        fail(405, 'only POST');
        return;
      }
      const type = String(body['ResetType']);
      if (!resets.includes(type)) {
        fail(400, `${type} is not among the ResetTypes`);
        return;
      }
      service.state = type === 'ForceOff' || type === 'GracefulShutdown' ? 'Off' : 'On';
      give(204);
      return;
    }
    const etag = `"${version}"`;
    if (req.method === 'PATCH') {
      if (odd.etags === true) {
        if (req.headers['if-match'] === undefined) {
          fail(428, 'If-Match is required');
          return;
        }
        if (version === 1) version = 2;
        if (req.headers['if-match'] !== `"${version}"`) {
          fail(412, 'it was changed meanwhile');
          return;
        }
      }
      const { BootSourceOverrideEnabled: enabled, BootSourceOverrideTarget: target } = (body['Boot'] ?? {}) as Record<
        string,
        unknown
      >;
      if (enabled !== 'Once' || !boots.includes(String(target))) {
        fail(400, 'this is no boot override');
        return;
      }
      service.boot = String(target);
      give(204);
      return;
    }
    if (req.method !== 'GET') {
      fail(405, 'only GET and PATCH');
      return;
    }
    give(
      200,
      {
        ...{ '@odata.id': `${base}/${id}`, Id: id, Name: `System ${id}`, PowerState: service.state },
        Boot: {
          BootSourceOverrideEnabled: service.boot === 'None' ? 'Disabled' : 'Once',
          BootSourceOverrideTarget: service.boot,
          'BootSourceOverrideTarget@Redfish.AllowableValues': boots,
        },
        Actions: {
          '#ComputerSystem.Reset': {
            target: `${base}/${id}/Actions/ComputerSystem.Reset`,
            'ResetType@Redfish.AllowableValues': resets,
          },
        },
      },
      odd.etags === true ? { etag } : {},
    );
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service: RedfishService = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fingerprint: new X509Certificate(pair.cert).fingerprint256,
    state: 'Off',
    boot: 'None',
    asked: [],
    get sessions() {
      return new Set(sessions.keys());
    },
    credentials: new Set(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}
