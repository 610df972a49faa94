import { type AppContext, readContext } from '../../src/context/app-context.ts';
import { type MachineFacts, parseLabel, parseMac, parseUuid, type Platform } from '../../src/model/machine.ts';
import { type Origin, originFromHost } from '../../src/model/plan.ts';
import { type Name, parseName } from '../../src/model/profile.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { type FolderFiles, makeFolder } from './folder.ts';

export function settingsFor(dataDir: string, more: Partial<Settings> = {}): Settings {
  return {
    dataDir,
    baseUrl: undefined,
    http: { host: '127.0.0.1', port: 0 },
    tftp: undefined,
    dhcp: undefined,
    firmwareDir: undefined,
    imageCache: 2 ** 24,
    sync: {
      schedule: undefined,
      timezone: 'UTC',
      keepReleases: 2,
      allowSha1: false,
      mirrors: {},
      trust: {},
      keyFiles: {},
    },
    adminToken: undefined,
    metrics: 'token',
    journal: { on: false, days: 90 },
    unknown: { show: 'wait', timeoutSeconds: 30, choice: 'wait' },
    installTries: 3,
    powerCommands: [],
    logLevel: 'error',
    logFormat: 'json',
    ...more,
  };
}

/** The rooms behind the servers, over a folder made for this test. */
export async function contextOf(files: FolderFiles): Promise<AppContext & { readonly dir: string }> {
  const dir = makeFolder(files);
  return { ...(await readContext(settingsFor(dir))), dir };
}

export function originOf(host = '10.0.2.2:4777'): Origin {
  return originFromHost(host) ?? fail(host);
}

export function nameOf(text: string): Name {
  return parseName(text) ?? fail(text);
}

interface Told {
  readonly mac?: string;
  readonly uuid?: string;
  readonly serial?: string;
  readonly hostname?: string;
  readonly platform?: Platform;
}

export function factsOf({ mac, uuid, serial, hostname, platform }: Told): MachineFacts {
  return {
    ...(mac === undefined ? {} : { mac: parseMac(mac) ?? fail(mac) }),
    ...(uuid === undefined ? {} : { uuid: parseUuid(uuid) ?? fail(uuid) }),
    ...(serial === undefined ? {} : { serial: parseLabel(serial) ?? fail(serial) }),
    ...(hostname === undefined ? {} : { hostname: parseLabel(hostname) ?? fail(hostname) }),
    platform,
  };
}

function fail(text: string): never {
  throw new TypeError(`the test is wrong: ${text}`);
}
