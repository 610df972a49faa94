import { describe, expect, it } from 'vitest';
import { whoFromSegment } from '../../src/http/names.ts';
import { expectGolden } from '../support/golden.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const origin = originOf();
const install = { disk: '/dev/sda' };
const FILES = {
  'profiles/flatcar.json': {
    system: 'flatcar',
    version: '4593.2.5',
    channel: 'lts',
    arch: 'arm64',
    ignition: 'w.ign',
    cloud_config: 'a',
    install,
    nodes: [{ name: 'a', serial: 'SN/7' }],
  },
  'profiles/coreos.json': {
    version: '1298.6.0',
    cloud_config: 'a',
    install,
    nodes: [{ name: 'c', mac: '525400000001' }],
  },
  'profiles/fedora.json': {
    system: 'fedora-coreos',
    version: '44.20260707.3.1',
    ignition: 'w.ign',
    install,
    nodes: [{ name: 'f', mac: '525400000002' }],
  },
  'profiles/debian.json': { system: 'debian', version: '12.15', install, nodes: [{ name: 'd', mac: '525400000003' }] },
  'profiles/live.json': { system: 'flatcar', version: '4593.2.5', nodes: [{ name: 'l', mac: '525400000004' }] },
  'configs/w.ign': '{"ignition": {"version": "3.0.0"}}',
  'configs/a.yml': '#cloud-config\n',
};

function ask(mac: string, serial?: string) {
  return { facts: factsOf({ mac, serial }), origin };
}

describe('installer', () => {
  it('gives Flatcar an Ignition that installs with the documents of this very machine', async () => {
    const { bootService } = await contextOf(FILES);
    // As the server reads it from the address that the kernel line names.
    const args = bootService.args(factsOf({ mac: '525400000009', serial: 'sn/7' }), origin).args;
    const url = args.find((arg) => arg.startsWith('ignition.config.url='))?.replace('ignition.config.url=', '') ?? '';
    expect(url).toBe(`${origin}/install/mac=52-54-00-00-00-09&serial=sn%2F7/ignition`);
    const facts = whoFromSegment(url.split('/')[4] ?? '').facts;
    const answer = await bootService.installer('ignition', { facts, origin });
    expect(answer).toMatchObject({
      contentType: 'application/json',
      source: 'profiles/flatcar.json',
      decision: { outcome: 'install', profile: 'flatcar', node: 'a', version: '4593.2.5' },
    });
    const { storage } = JSON.parse(answer.body.toString()) as {
      storage: { files: { contents: { source: string } }[] };
    };
    const script = decodeURIComponent(storage.files[0]?.contents.source.slice('data:,'.length) ?? '');
    expectGolden('installing/by-script-flatcar.sh', script);
    await expect(bootService.installer('cloud_config', { facts, origin })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('gives CoreOS whichever of the two its kernel line names', async () => {
    const { bootService } = await contextOf(FILES);
    const cloud = await bootService.installer('cloud_config', ask('525400000001'));
    expect(cloud.contentType).toMatch(/^text\/plain/);
    expect(cloud.body.toString()).toContain(`-b ${origin}/images/amd64-usr -c cloud-config.yml`);
    expect((await bootService.installer('ignition', ask('525400000001'))).body.toString()).toContain(
      '"version": "2.0.0"',
    );
  });

  it('gives Fedora CoreOS a report and nothing else', async () => {
    const { bootService } = await contextOf(FILES);
    const answer = await bootService.installer('ignition', ask('525400000002'));
    expect(answer.body.toString()).toContain(`${origin}/installed/52-54-00-00-00-02`);
    expect(answer.body.toString()).not.toContain('/dev/sda');
    await expect(bootService.installer('cloud_config', ask('525400000002'))).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('has nothing for who installs by a document, who does not install, and who is unknown', async () => {
    const { bootService } = await contextOf(FILES);
    await expect(bootService.installer('ignition', ask('525400000003'))).rejects.toThrow(
      'debian does not install by this file',
    );
    await expect(bootService.installer('ignition', ask('525400000004'))).rejects.toThrow(
      'profiles/live.json does not install',
    );
    await expect(bootService.installer('ignition', ask('525400000005'))).rejects.toMatchObject({ code: 'not-found' });
  });

  it('does not install who has no identity', async () => {
    const { bootService } = await contextOf({
      'profiles/p.json': { system: 'flatcar', version: '4593.2.5', default: true, install },
    });
    await expect(bootService.installer('ignition', { facts: {}, origin })).rejects.toMatchObject({ code: 'invalid' });
  });
});
