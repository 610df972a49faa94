import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { checkDocument } from '../../src/documents/document.ts';
import {
  installCloudConfig,
  installIgnition,
  logAutoinstall,
  reportIgnition,
} from '../../src/documents/install-configs.ts';
import { addLogUnit } from '../../src/documents/phone-home.ts';
import { LOG_UNIT, logCommand, logUnit, unitFileProblem } from '../../src/documents/units.ts';
import { logTarget, originFromHost, type Origin } from '../../src/model/plan.ts';
import { SILENT } from '../../src/model/service.ts';
import { custom } from '../../src/os/custom.ts';
import { debian } from '../../src/os/debian.ts';
import { createSyslogServer } from '../../src/syslog/server.ts';
import { inputOf, profileOf } from '../os/sample.ts';
import { makeFolder } from '../support/folder.ts';
import { until } from '../support/tftp-server.ts';

// What makes each installer send its log, where one is taken.

const ORIGIN = originFromHost('boot.lan:4777') as Origin;
const TO = { host: '10.0.0.1', port: 1514 };

test.each([
  ['0.0.0.0', 'boot.lan', 'boot.lan:4777'],
  ['::', '[fd00::1]', '[fd00::1]:4777'],
  ['127.0.0.1', 'boot.lan', 'boot.lan:4777'],
  ['10.0.0.1', '10.0.0.1', 'boot.lan:4777'],
  ['fd00::7', '[fd00::7]', 'boot.lan:4777'],
])('a receiver at %s is %s to a machine', (host, told, asked) => {
  expect(logTarget({ host, port: 514 }, originFromHost(asked) ?? ORIGIN)).toEqual({ host: told, port: 514 });
});

test('no receiver is none', () => {
  expect(logTarget(undefined, ORIGIN)).toBeUndefined();
});

describe('kernel arguments', () => {
  const argsOf = (fields: object, logTo: readonly (typeof TO)[] = [TO]) => {
    const profile = profileOf({ version: '1', kernel: 'custom/linux', ...fields });
    const system = profile.system === 'debian' ? debian : custom;
    return system.plan({ ...inputOf(profile), logTo: logTo[0] }).args.filter((arg) => /log/.test(arg));
  };

  it("Debian's installer, of the system or of a custom kernel", () => {
    expect(argsOf({ system: 'debian', preseed: 'p' })).toEqual(['log_host=10.0.0.1', 'log_port=1514']);
    expect(argsOf({ system: 'custom', preseed: 'p' })).toEqual(['log_host=10.0.0.1', 'log_port=1514']);
    expect(argsOf({ system: 'debian', preseed: 'p' }, [])).toEqual([]);
  });

  it('stands before the arguments of the installed system', () => {
    const profile = profileOf({ system: 'debian', version: '1', preseed: 'p', console: ['ttyS0'] });
    const { args } = debian.plan({ ...inputOf(profile), logTo: TO });
    expect(args.indexOf('log_host=10.0.0.1')).toBeLessThan(args.indexOf('---'));
  });

  it('Anaconda, where there is a kickstart', () => {
    expect(argsOf({ system: 'custom', kickstart: 'k' })).toEqual(['inst.syslog=10.0.0.1:1514']);
    expect(argsOf({ system: 'custom' })).toEqual([]);
    expect(argsOf({ system: 'custom', kickstart: 'k' }, [])).toEqual([]);
  });

  it.each([
    [{ system: 'debian', preseed: 'p' }, 'log_host=10.9.9.9'],
    [{ system: 'custom', preseed: 'p' }, 'log_host=10.9.9.9'],
    [{ system: 'custom', kickstart: 'k' }, 'inst.syslog=10.9.9.9'],
    [{ system: 'custom', kickstart: 'k' }, 'syslog=10.9.9.9'],
  ])('%j that says it itself wins', (fields, own) => {
    expect(argsOf({ ...fields, kernel_args: [own] })).toEqual([own]);
  });
});

describe('units', () => {
  it('goes into the documents of Flatcar and Fedora CoreOS, beside what is there', () => {
    const ignition = JSON.stringify({ ignition: { version: '3.3.0' }, systemd: { units: [{ name: 'a.service' }] } });
    for (const system of ['flatcar', 'fedora-coreos'] as const) {
      const text = addLogUnit('ignition', ignition, system, TO) ?? '';
      expect(checkDocument('ignition', text, { file: 'x', system })).toEqual([]);
      expect(JSON.parse(text)).toMatchObject({ systemd: { units: [{ name: 'a.service' }, { name: LOG_UNIT }] } });
      expect(addLogUnit('ignition', text, system, { ...TO, port: 1 })).toBe(text);
    }
    expect(addLogUnit('cloud_config', '#cloud-config\n', 'flatcar', TO)).toContain(LOG_UNIT);
    expect(addLogUnit('cloud_config', '#cloud-config\n', 'coreos', TO)).toBeUndefined();
    expect(addLogUnit('preseed', '', 'debian', TO)).toBeUndefined();
  });

  it("goes into the installers' own Ignition, where there is somewhere to send", () => {
    const job = { system: 'flatcar', title: 'F', version: '1', channel: 'stable', disk: '/dev/sda', mirror: 'm', documents: {}, report: 'r' } as const; // prettier-ignore
    expect(installIgnition({ ...job, logTo: TO })).toContain(LOG_UNIT);
    expect(reportIgnition('r', TO)).toContain(LOG_UNIT);
    expect([installIgnition(job), reportIgnition('r')].join('')).not.toContain(LOG_UNIT);
    expect(installCloudConfig({ ...job, system: 'coreos', logTo: TO })).not.toContain(LOG_UNIT);
  });

  it('is a unit to systemd and to Ignition', () => {
    for (const reader of ['systemd', 'ignition'] as const) expect(unitFileProblem(logUnit(TO), reader)).toBeUndefined();
    expect(logUnit(TO)).toContain('ExecStart=/bin/bash -c "exec 3>/dev/tcp/10.0.0.1/1514 || exit 1; ');
    expect(logCommand({ host: '[fd00::7]', port: 5 })).toContain('/dev/tcp/fd00::7/5 ');
  });

  it('is an early-command of autoinstall, which stops nothing', () => {
    const text = logAutoinstall('#cloud-config\nautoinstall:\n  version: 1\n  early-commands:\n    - mine\n', TO) ?? '';
    expect(
      checkDocument('nocloud', text, { file: 'x', system: 'ubuntu' }).filter(({ severity }) => severity === 'error'),
    ).toEqual([]);
    expect(text).toContain('- mine\n');
    expect(text).toContain("systemd-run --unit=pilotlight-log /bin/bash -c 'exec 3>/dev/tcp/10.0.0.1/1514 ");
    expect(text).toContain('|| true');
    expect(logAutoinstall('#cloud-config\nusers: []\n', TO)).toBeUndefined();
  });

  it('sends the journal: all of the boot at first, what is new after a connection that ended', async () => {
    const texts: string[] = [];
    const server = createSyslogServer(
      { host: '127.0.0.1', port: 0 },
      {
        log: SILENT,
        onMessage: (_from, { host, program, text }) => texts.push(`${host ?? ''} ${program ?? ''} ${text}`) > 0,
      },
    );
    await server.start();
    onTestFinished(() => server.stop(AbortSignal.abort()));
    const folder = makeFolder();
    const seen = join(folder, 'seen');
    writeFileSync(join(folder, 'journalctl'), '#!/bin/sh\necho "Nov 30 19:02:11 w1 sh[7]: $*"\n');
    chmodSync(join(folder, 'journalctl'), 0o755);
    const command = logCommand({ host: '127.0.0.1', port: server.port() ?? 0 }).replaceAll('/run/pilotlight-log', seen);
    const run = async (): Promise<unknown> => {
      const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
      return (await once(spawn('/bin/bash', ['-c', command], { env, stdio: 'ignore' }), 'close'))[0];
    };
    expect([await run(), await run()]).toEqual([0, 0]);
    await until(() => texts.length === 2);
    expect(texts.toSorted()).toEqual(['w1 sh -b -f -n 0 -o short', 'w1 sh -b -f -n all -o short']);

    rmSync(seen);
    await server.stop(AbortSignal.abort());
    expect(await run()).toBe(1);
    expect(() => readFileSync(seen)).toThrow('ENOENT');
  });
});
