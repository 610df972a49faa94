import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { problemLine } from '../../src/model/failure.ts';
import { readSettings } from '../../src/settings/read-settings.ts';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'settings-'));
});

function read(env: Record<string, string> = {}, flags: Record<string, string> = {}) {
  return readSettings({ env, flags, cwd, terminal: false });
}

describe('readSettings', () => {
  it('has defaults for everything', () => {
    expect(read()).toEqual({
      dataDir: cwd,
      baseUrl: undefined,
      http: { host: '::', port: 4777 },
      tftp: {
        listen: { host: '::', port: 69 },
        required: false,
        smartNbp: true,
        singlePort: false,
        maxBlksize: 1468,
        perAddress: 16,
        images: false,
      },
      dhcp: undefined,
      secureBoot: false,
      firmwareDir: undefined,
      imageCache: 268_435_456,
      sync: {
        schedule: '17 4 * * *',
        timezone: undefined,
        keepReleases: 2,
        allowSha1: false,
        mirrors: {},
        trust: {},
        keyFiles: {},
      },
      adminToken: undefined,
      metrics: 'token',
      journal: { on: true, days: 90 },
      unknown: { show: 'wait', timeoutSeconds: 30, choice: 'wait' },
      installTries: 3,
      routed: [],
      powerCommands: [],
      native: true,
      trustedProxies: [],
      logLevel: 'info',
      logFormat: 'json',
    });
    expect(readSettings({ env: {}, flags: {}, cwd, terminal: true }).logFormat).toBe('pretty');
  });

  it('what operators decide about themselves, the journal, unknown machines and installations', () => {
    const settings = read({
      PILOTLIGHT_ADMIN_TOKEN: 'a-secret-of-sixteen',
      PILOTLIGHT_METRICS: 'open',
      PILOTLIGHT_JOURNAL: 'off',
      PILOTLIGHT_JOURNAL_DAYS: '7',
      PILOTLIGHT_UNKNOWN: 'menu',
      PILOTLIGHT_MENU_TIMEOUT: '0',
      PILOTLIGHT_MENU_DEFAULT: 'rescue',
      PILOTLIGHT_INSTALL_TRIES: '1',
    });
    expect(settings).toMatchObject({
      adminToken: 'a-secret-of-sixteen',
      metrics: 'open',
      journal: { on: false, days: 7 },
      unknown: { show: 'menu', timeoutSeconds: 0, choice: 'rescue' },
      installTries: 1,
    });
  });

  it('a token that is refused is not repeated', () => {
    const short = 'hunter2';
    expect(() => read({ PILOTLIGHT_ADMIN_TOKEN: short })).toThrow(/PILOTLIGHT_ADMIN_TOKEN/);
    expect(() => read({ PILOTLIGHT_ADMIN_TOKEN: short })).not.toThrow(new RegExp(short));
  });

  it('TLS needs a certificate and its key', () => {
    const both = { PILOTLIGHT_TLS_CERT: 'a.crt', PILOTLIGHT_TLS_KEY: '/b.key' };
    expect(read(both).tls).toEqual({
      cert: join(cwd, 'a.crt'),
      key: '/b.key',
      listen: { host: '::', port: 4778 },
    });
    expect(read({ ...both, PILOTLIGHT_TLS_LISTEN: '10.0.0.1:443' }).tls?.listen).toEqual({
      host: '10.0.0.1',
      port: 443,
    });
    expect(read({}).tls).toBeUndefined();
    expect(() => read({ PILOTLIGHT_TLS_CERT: 'a.crt' })).toThrow(
      'PILOTLIGHT_TLS_CERT is set and PILOTLIGHT_TLS_KEY is not: TLS needs both',
    );
    expect(() => read({ PILOTLIGHT_TLS_KEY: 'a.key' })).toThrow(
      'PILOTLIGHT_TLS_KEY is set and PILOTLIGHT_TLS_CERT is not',
    );
  });

  it("takes coreos-ipxe-server's names", () => {
    const settings = read({
      COREOS_IPXE_SERVER_DATA_DIR: 'old',
      COREOS_IPXE_SERVER_BASE_URL: 'boot.lan:4777',
      COREOS_IPXE_SERVER_LISTEN_ADDR: ':80',
    });
    expect(settings).toMatchObject({
      dataDir: join(cwd, 'old'),
      baseUrl: 'http://boot.lan:4777',
      http: { host: '0.0.0.0', port: 80 },
    });
  });

  it("takes coreos-ipxe-server's folder where one of its names is set and nothing else says which", () => {
    const old = { COREOS_IPXE_SERVER_BASE_URL: 'boot.lan:4777' };
    expect(read(old).dataDir).toBe('/opt/coreos-ipxe-server');
    expect(read({ ...old, PILOTLIGHT_DATA_DIR: 'data' }).dataDir).toBe(join(cwd, 'data'));
    expect(read({ COREOS_IPXE_SERVER_BASE_URL: '' }).dataDir).toBe(cwd);
    mkdirSync(join(cwd, 'profiles'));
    expect(read(old).dataDir).toBe(cwd);
  });

  it('flags win over the environment, new names over old ones, the environment over .env', () => {
    mkdirSync(join(cwd, 'profiles'));
    writeFileSync(join(cwd, '.env'), 'PILOTLIGHT_LOG_LEVEL=debug\nPILOTLIGHT_IMAGE_CACHE=64MiB\n');
    const settings = read(
      {
        PILOTLIGHT_HTTP_LISTEN: '127.0.0.1:1',
        COREOS_IPXE_SERVER_LISTEN_ADDR: '127.0.0.1:2',
        PILOTLIGHT_LOG_LEVEL: 'warn',
      },
      { 'base-url': 'http://flag', 'log-level': 'error' },
    );
    expect(settings).toMatchObject({
      http: { port: 1 },
      logLevel: 'error',
      imageCache: 67_108_864,
      baseUrl: 'http://flag',
    });
  });

  it('reads .env of the data directory and not of the working directory', () => {
    mkdirSync(join(cwd, 'data'));
    writeFileSync(join(cwd, '.env'), 'PILOTLIGHT_BASE_URL=http://evil\n');
    writeFileSync(join(cwd, 'data', '.env'), 'PILOTLIGHT_BASE_URL=http://good\n');
    expect(read({ PILOTLIGHT_DATA_DIR: 'data' }).baseUrl).toBe('http://good');
  });

  it('TFTP can be turned off, and is required once it is named', () => {
    expect([read({}).syslog, read({ PILOTLIGHT_SYSLOG: 'off' }).syslog]).toEqual([undefined, undefined]);
    expect(read({ PILOTLIGHT_SYSLOG: '514' }).syslog).toEqual({ host: '::', port: 514 });
    expect(read({ PILOTLIGHT_SYSLOG: '[::]:1514' }).syslog).toEqual({ host: '::', port: 1514 });
    expect(() => read({ PILOTLIGHT_SYSLOG: 'on' })).toThrow('PILOTLIGHT_SYSLOG: must be HOST:PORT');
    expect(read({ PILOTLIGHT_TFTP_LISTEN: 'off' }).tftp).toBeUndefined();
    const { tftp } = read({ PILOTLIGHT_TFTP_LISTEN: '[::1]:6969', PILOTLIGHT_TFTP_SMART_NBP: 'off' });
    expect(tftp).toMatchObject({ listen: { host: '::1', port: 6969 }, required: true, smartNbp: false });
  });

  it('the DHCP proxy is off unless asked for', () => {
    expect(read({ PILOTLIGHT_DHCP_RELAYS: '10.0.0.1' }).dhcp).toBeUndefined();
    expect(read({ PILOTLIGHT_DHCP: 'proxy', PILOTLIGHT_DHCP_RELAYS: '10.0.0.1, 10.1.0.1' }).dhcp).toEqual({
      listen: { host: '0.0.0.0', port: 67 },
      relays: ['10.0.0.1', '10.1.0.1'],
      localBoot: 'silent',
    });
    expect(() => read({ PILOTLIGHT_DHCP: 'server', PILOTLIGHT_DHCP_RELAYS: '10.0.0' })).toThrow(/2 problems/);
  });

  it('an empty variable is none', () => {
    expect(read({ PILOTLIGHT_LOG_LEVEL: '' }).logLevel).toBe('info');
  });

  it('reports every problem at once, by the name that was used', () => {
    expect(() =>
      read(
        { PILOTLIGHT_HTTP_LISTEN: 'x', COREOS_IPXE_SERVER_BASE_URL: 'a b', PILOTLIGHT_LOG_LEVEL: 'loud' },
        { 'image-cache': '1' },
      ),
    ).toThrow(
      /4 problems:[^]*COREOS_IPXE_SERVER_BASE_URL: must be a URL[^]*PILOTLIGHT_HTTP_LISTEN: must be HOST:PORT[^]*--image-cache: must be at least 16MiB[^]*PILOTLIGHT_LOG_LEVEL: must be one of/,
    );
  });

  it('refuses a .env that cannot be read and one that moves the folder it is in', () => {
    mkdirSync(join(cwd, 'a', '.env'), { recursive: true });
    expect(() => read({ PILOTLIGHT_DATA_DIR: 'a' })).toThrow(/\.env: cannot be read/);
    writeFileSync(join(cwd, '.env'), 'PILOTLIGHT_DATA_DIR=/x\n');
    expect(() => read()).toThrow(/cannot be set in the folder that it names/);
  });

  it('a mirror, a key and its fingerprint for each system', () => {
    const print = 'a'.repeat(40);
    const settings = read(
      {
        PILOTLIGHT_MIRROR_FEDORA_COREOS: 'http://mirror.lan/fcos/',
        PILOTLIGHT_TRUST_FLATCAR: `${print}, ${'B'.repeat(40)}`,
        PILOTLIGHT_KEY_DEBIAN: 'debian.asc',
        PILOTLIGHT_MIRROR_FLATCAR: 'http://env',
        PILOTLIGHT_MIRROR_CUSTOM: 'http://x',
      },
      { 'mirror-flatcar': 'http://flag:8080/flatcar' },
    );
    expect(settings.sync).toMatchObject({
      mirrors: { 'fedora-coreos': 'http://mirror.lan/fcos', flatcar: 'http://flag:8080/flatcar' },
      trust: { flatcar: ['A'.repeat(40), 'B'.repeat(40)] },
      keyFiles: { debian: join(cwd, 'debian.asc') },
    });
    expect(settings.mistakes).toMatchObject([{ message: 'PILOTLIGHT_MIRROR_CUSTOM is no setting' }]);
  });

  it('the schedule of the sync, its zone, and what stays', () => {
    expect(read({ PILOTLIGHT_SYNC: 'off' }).sync.schedule).toBeUndefined();
    const env = {
      PILOTLIGHT_SYNC: '*/5 1-3 * * 0,6',
      PILOTLIGHT_TIMEZONE: 'Europe/Prague',
      PILOTLIGHT_KEEP_RELEASES: '1',
    };
    expect(read(env).sync).toMatchObject({
      schedule: '*/5 1-3 * * 0,6',
      timezone: 'Europe/Prague',
      keepReleases: 1,
    });
    const wrong = {
      PILOTLIGHT_SYNC: 'daily',
      PILOTLIGHT_TIMEZONE: 'Mars/Base',
      PILOTLIGHT_KEEP_RELEASES: '0',
      PILOTLIGHT_ALLOW_SHA1: 'yes',
    };
    expect(() => read(wrong)).toThrow(/4 problems/);
  });

  it('warns of what is nearly the name of a setting, says where, and leaves other programs alone', () => {
    writeFileSync(join(cwd, '.env'), '# ours\nPILOTLIGHT_SYNK=off\nCOMPOSE_PROJECT=x\n');
    const env = {
      ...{ PILOTLIGTH_SYNC: 'off', PILOTLIGHT_DATADIR: '/x', COREOS_IPXE_SERVER_BASEURL: 'x', PILOTLIGHT_XYZZYX: 'x' },
      ...{ PILOT_SYNC: 'x', PATH: '/bin', XDG_DATA_DIR: 'x' },
    };
    expect(read(env).mistakes?.map(problemLine)).toEqual([
      '.env:2:1: PILOTLIGHT_SYNK is no setting (did you mean PILOTLIGHT_SYNC?)',
      'environment: PILOTLIGTH_SYNC is no setting (did you mean PILOTLIGHT_SYNC?)',
      'environment: PILOTLIGHT_DATADIR is no setting (did you mean PILOTLIGHT_DATA_DIR?)',
      'environment: COREOS_IPXE_SERVER_BASEURL is no setting (did you mean COREOS_IPXE_SERVER_BASE_URL?)',
      'environment: PILOTLIGHT_XYZZYX is no setting (remove it; `pilotlight settings` lists all)',
    ]);
    writeFileSync(join(cwd, '.env'), '');
    expect(read({}).mistakes).toBeUndefined();
  });
});

describe('.env', () => {
  it.each([
    ['PILOTLIGHT_LOG_LEVEL=debug'],
    ['\uFEFFPILOTLIGHT_LOG_LEVEL=debug\r\nA=b'],
    ['export PILOTLIGHT_LOG_LEVEL = debug  # as it is'],
    ['PILOTLIGHT_LOG_LEVEL="debug" # in quotes'],
    ["PILOTLIGHT_LOG_LEVEL='debug'"],
    ['# PILOTLIGHT_LOG_LEVEL=warn\n\n  PILOTLIGHT_LOG_LEVEL=debug\n'],
  ])('%j is read', (text) => {
    writeFileSync(join(cwd, '.env'), text);
    expect(read()).toMatchObject({ logLevel: 'debug', mistakes: undefined });
  });

  it('keeps a # that is part of a value', () => {
    writeFileSync(join(cwd, '.env'), 'PILOTLIGHT_ADMIN_TOKEN=sixteen#letters#of#it\nPILOTLIGHT_BASE_URL= # none\n');
    expect(read()).toMatchObject({ adminToken: 'sixteen#letters#of#it', baseUrl: undefined });
  });

  it.each([
    ['A=1\nPILOTLIGHT_LOG_LEVEL debug\n', '.env:2:1: PILOTLIGHT_LOG_LEVEL has no "=" behind it'],
    ['PILOTLIGHT_LOG_LEVEL: debug\n', '(write PILOTLIGHT_LOG_LEVEL=value)'],
    ['A="b\nPILOTLIGHT_SYNC=off\n', '.env:1:3: A has a quote that does not end on this line (put " at its end'],
    ['A="b" c', '.env:1:6: A has more behind its closing quote'],
    ['A=\u201cb\u201d', '.env:1:3: A has typographic quotes around its value (write " or no quotes)'],
    ['- A=b', '.env:1:1: is no line that sets something'],
    ['PILOTLIGHT_LOG_LEVEL=loud', '.env:1:22 PILOTLIGHT_LOG_LEVEL: must be one of debug'],
  ])('%j stops the start with its place', (text, line) => {
    writeFileSync(join(cwd, '.env'), text);
    expect(() => read()).toThrow(line);
  });

  it('says nothing of a value that cannot be read: it may be a secret', () => {
    writeFileSync(join(cwd, '.env'), 'PILOTLIGHT_ADMIN_TOKEN="hunter2\n');
    expect(() => read()).toThrow(/quote/);
    expect(() => read()).not.toThrow(/hunter2/);
  });

  it('must be UTF-8, and sets each name once', () => {
    writeFileSync(join(cwd, '.env'), Buffer.from('\uFEFFA=b', 'utf16le'));
    expect(() => read()).toThrow('.env:1:1: is not a text in UTF-8 (save it as UTF-8)');
    writeFileSync(join(cwd, '.env'), 'PILOTLIGHT_LOG_LEVEL=warn\nPILOTLIGHT_LOG_LEVEL=debug\n');
    expect(read()).toMatchObject({ logLevel: 'debug', mistakes: [{ severity: 'warning', place: { line: 2 } }] });
  });
});
