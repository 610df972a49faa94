import { Failure } from '../model/failure.ts';
import {
  POWER_ACTIONS,
  powerDone,
  type PowerDriver,
  type PowerOutcome,
  powerIs,
  type RedfishPower,
} from '../model/power.ts';
import { lastLine } from './program.ts';
import { askWeb, type WebAnswer } from './web.ts';

/** Redfish (DMTF DSP0266): power by ComputerSystem.Reset, the next boot by BootSourceOverride. */
export function redfishDriver(bmc: RedfishPower, password: () => Promise<string>, wait: Wait): PowerDriver {
  const base = new URL(bmc.url);
  return {
    by: 'Redfish',
    does: POWER_ACTIONS,
    controller: base.host,
    async act(action, signal) {
      return await withSession(bmc, await password(), signal, async (service) => {
        const found = await findSystem(service, bmc);
        const state = textIn(found.system, 'PowerState');
        const isOff = state === 'Off';
        if (action === 'status') return stateOutcome(state);
        if ((action === 'on' && state === 'On') || (action === 'off' && isOff))
          return { state: action, text: `power is ${action} already` };
        const allowed = await allowedResets(service, found.system);
        const real = action === 'cycle' && isOff ? 'on' : action;
        const type = RESETS[real].find((one) => allowed === undefined || allowed.includes(one));
        if (type !== undefined) await reset(service, found, type);
        else if (real === 'cycle') await offAndOn(service, found, wait, signal);
        else throw noReset(base.host, real, allowed);
        return powerDone(real, 'Redfish');
      });
    },
    async bootFromNetwork(signal) {
      await withSession(bmc, await password(), signal, async (service) => {
        const first = await overrideBoot(service, await findSystem(service, bmc));
        // Another client changed the system in between.
        const last =
          first === 412 || first === 428 ? await overrideBoot(service, await findSystem(service, bmc)) : first;
        if (last === 412 || last === 428)
          throw new Failure('unavailable', `${base.host} says twice that its boot settings were changed meanwhile`);
      });
    },
  };
}

type Wait = (ms: number, signal: AbortSignal) => Promise<unknown>;
type Json = Readonly<Record<string, unknown>>;

/** In the order in which they are wanted; a service offers some. */
const RESETS = {
  on: ['On', 'ForceOn'],
  off: ['ForceOff'],
  cycle: ['PowerCycle', 'ForceRestart'],
} as const;

interface Service {
  readonly host: string;
  /** A JSON object. Throws Failure for every status but 2xx. */
  get(path: string): Promise<{ readonly value: Json; readonly etag: string | undefined }>;
  send(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<WebAnswer>;
}

/**
 * A session where the service has them, else Basic (DSP0266, 13.3: a service has both, but either may be switched off). The
 * session is ended again: BMCs have room for a handful.
 */
async function withSession<T>(
  bmc: RedfishPower,
  password: string,
  signal: AbortSignal,
  work: (service: Service) => Promise<T>,
): Promise<T> {
  const open = serviceAt(bmc, {}, signal);
  const root = (await open.get('/redfish/v1/')).value;
  const sessions = linkIn(objectIn(root, 'Links'), 'Sessions');
  const login =
    sessions === undefined ? undefined : await open.send('POST', sessions, { UserName: bmc.user, Password: password });
  if (login !== undefined && [400, 401, 403].includes(login.status)) throw answerFailure(bmc, login);
  const token = login?.headers['x-auth-token'];
  if (typeof token !== 'string') {
    const basic = `Basic ${Buffer.from(`${bmc.user}:${password}`).toString('base64')}`;
    return await work(serviceAt(bmc, { authorization: basic }, signal));
  }
  const service = serviceAt(bmc, { 'x-auth-token': token }, signal);
  try {
    return await work(service);
  } finally {
    const path = login?.headers.location;
    // In its own time: also after ours is over. A session that stays runs out by itself.
    const last = serviceAt(bmc, { 'x-auth-token': token }, AbortSignal.timeout(3000));
    if (path !== undefined) await last.send('DELETE', path).catch(() => undefined);
  }
}

function serviceAt(bmc: RedfishPower, credentials: Readonly<Record<string, string>>, signal: AbortSignal): Service {
  const base = new URL(bmc.url);

  /** A path that the service named: it never leads the credentials to another host. */
  function within(path: string): URL {
    const url = URL.canParse(path, base.href) ? new URL(path, base) : undefined;
    if (url?.origin === base.origin) return url;
    throw new Failure('refused', `${base.host} names an address of another host: nothing was sent there`, {
      remedy: 'is it the BMC itself that answers at that address?',
    });
  }

  async function ask(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<WebAnswer> {
    let url = within(path);
    for (let hop = 0; ; hop += 1) {
      const answer = await askWeb(url, {
        method,
        headers: {
          ...{ accept: 'application/json', 'odata-version': '4.0' },
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...credentials,
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        fingerprint: bmc.fingerprint,
        signal,
      });
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
      if (method !== 'GET' || hop === 3) throw new Failure('unavailable', `${base.host} sends the request in circles`);
      url = within(location);
    }
  }

  return {
    host: base.host,
    async get(path) {
      const answer = await ask('GET', path);
      if (answer.status !== 200) throw answerFailure(bmc, answer, path);
      const value = parsed(base.host, answer.body);
      const etag = answer.headers.etag ?? textIn(value, '@odata.etag');
      return { value, etag };
    },
    send: ask,
  };
}

interface FoundSystem {
  readonly path: string;
  readonly system: Json;
  readonly etag: string | undefined;
}

async function findSystem(service: Service, { system }: Pick<RedfishPower, 'system'>): Promise<FoundSystem> {
  const root = (await service.get('/redfish/v1/')).value;
  const list = (await service.get(linkIn(root, 'Systems') ?? '/redfish/v1/Systems')).value;
  const paths = (Array.isArray(list['Members']) ? (list['Members'] as readonly unknown[]) : [])
    .map((member) => (isObject(member) ? textIn(member, '@odata.id') : undefined))
    .filter((path) => path !== undefined);
  const idOf = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? path;
  const fits = system === undefined ? paths : paths.filter((path) => path === system || idOf(path) === system);
  const [path, second] = fits;
  if (path !== undefined && second === undefined) {
    const { value, etag } = await service.get(path);
    return { path, system: value, etag };
  }
  const ids = paths
    .map((one) => lastLine(idOf(one)))
    .slice(0, 16)
    .join(', ');
  if (system === undefined && second !== undefined) {
    throw new Failure('conflict', `${service.host} has several systems`, { remedy: `add "system", one of: ${ids}` });
  }
  throw new Failure('not-found', `${service.host} has no system${system === undefined ? '' : ` ${system}`}`, {
    remedy: ids === '' ? 'is it the BMC of a machine?' : `"system" is one of: ${ids}`,
  });
}

async function allowedResets(service: Service, system: Json): Promise<readonly string[] | undefined> {
  const action = resetAction(system);
  const listed = textsIn(action, 'ResetType@Redfish.AllowableValues');
  const info = textIn(action, '@Redfish.ActionInfo');
  if (listed !== undefined || info === undefined) return listed;
  const { Parameters: parameters } = (await service.get(info)).value;
  const type = (Array.isArray(parameters) ? (parameters as readonly unknown[]) : []).find(
    (one) => isObject(one) && one['Name'] === 'ResetType',
  );
  return isObject(type) ? textsIn(type, 'AllowableValues') : undefined;
}

async function reset(service: Service, { path, system }: FoundSystem, ResetType: string): Promise<void> {
  const target = textIn(resetAction(system), 'target') ?? `${path.replace(/\/+$/, '')}/Actions/ComputerSystem.Reset`;
  const answer = await service.send('POST', target, { ResetType });
  if (answer.status < 200 || answer.status >= 300)
    throw answerFailure({ url: `https://${service.host}`, user: '' }, answer, target);
}

const LOOK_MS = 1000;

async function offAndOn(service: Service, found: FoundSystem, wait: Wait, signal: AbortSignal): Promise<void> {
  await reset(service, found, 'ForceOff');
  while (textIn((await service.get(found.path)).value, 'PowerState') !== 'Off') await wait(LOOK_MS, signal);
  await reset(service, found, 'On');
}

/** Gives the status: 2xx, or 412 and 428 where the ETag is no longer right. */
async function overrideBoot(service: Service, { path, system, etag }: FoundSystem): Promise<number> {
  const allowed = textsIn(objectIn(system, 'Boot'), 'BootSourceOverrideTarget@Redfish.AllowableValues');
  const target = ['Pxe', 'UefiHttp'].find((one) => allowed === undefined || allowed.includes(one));
  if (target === undefined) {
    throw new Failure(
      'unavailable',
      `${service.host} offers no boot from the network, only ${allowed?.map(lastLine).join(', ') ?? ''}`,
      {
        remedy: 'switch network boot on in the firmware of the machine',
      },
    );
  }
  const Boot = { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: target };
  const answer = await service.send('PATCH', path, { Boot }, etag === undefined ? {} : { 'if-match': etag });
  if ((answer.status >= 200 && answer.status < 300) || answer.status === 412 || answer.status === 428)
    return answer.status;
  throw answerFailure({ url: `https://${service.host}`, user: '' }, answer, path);
}

function stateOutcome(state: string | undefined): PowerOutcome {
  if (state === 'On' || state === 'Off') return powerIs(state === 'On' ? 'on' : 'off');
  return { text: `power is ${lastLine(state ?? '') || 'unknown to the service'}` };
}

function noReset(host: string, action: string, allowed: readonly string[] | undefined): Failure {
  return new Failure(
    'unavailable',
    `${host} offers no way to switch ${action}, only ${allowed?.map(lastLine).join(', ') ?? ''}`,
  );
}

function answerFailure(
  { url, user }: Pick<RedfishPower, 'url' | 'user'>,
  { status, body }: WebAnswer,
  path = '',
): Failure {
  const { host } = new URL(url);
  const said = messageIn(body);
  if (status === 401 || (path === '' && status !== 403)) {
    return new Failure('refused', `${host} does not take the user ${user} or the password`, {
      remedy: 'mend `user`, or the file that `password` names',
    });
  }
  if (status === 403) {
    return new Failure('refused', `${host} does not let its user do that${said}`, {
      remedy: 'give that user the role Operator or Administrator on the BMC',
    });
  }
  if (status === 404) return new Failure('unavailable', `${host} has no ${lastLine(path)}: it speaks no Redfish there`);
  return new Failure('unavailable', `${host} answers with status ${status}${said}`);
}

/** What DSP0266 calls extended info, in a few words. */
function messageIn(body: string): string {
  try {
    const error = objectIn(JSON.parse(body), 'error');
    const [info] = (error['@Message.ExtendedInfo'] ?? []) as readonly unknown[];
    const text = (isObject(info) ? textIn(info, 'Message') : undefined) ?? textIn(error, 'message') ?? '';
    return text === '' ? '' : `: ${lastLine(text)}`;
  } catch {
    return '';
  }
}

function parsed(host: string, body: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new Failure('unavailable', `${host} answers with something that is not JSON`, { cause });
  }
  if (isObject(value)) return value;
  throw new Failure('unavailable', `${host} answers with JSON that is no object`);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectIn(value: unknown, key: string): Json {
  const inner = isObject(value) ? value[key] : undefined;
  return isObject(inner) ? inner : {};
}

function textIn(value: Json, key: string): string | undefined {
  const text = value[key];
  return typeof text === 'string' ? text : undefined;
}

function textsIn(value: Json, key: string): readonly string[] | undefined {
  const list = value[key];
  return Array.isArray(list) ? (list as readonly unknown[]).filter((one) => typeof one === 'string') : undefined;
}

function linkIn(value: Json, key: string): string | undefined {
  return textIn(objectIn(value, key), '@odata.id');
}

function resetAction(system: Json): Json {
  return objectIn(objectIn(system, 'Actions'), '#ComputerSystem.Reset');
}
