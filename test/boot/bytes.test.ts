import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const origin = originOf();
const MAC = '525400551cee';
const A = { facts: factsOf({ mac: MAC }), origin };
const nodes = [{ name: 'a', mac: MAC, ip: '10.0.0.2' }];

test.each([
  ['coreos', 'cloud_config', '#cloud-config\n# caf\xe9 \x85\xa0\nhostname: "\xff $private_ipv4"\n'],
  ['flatcar', 'cloud_config', '#cloud-config\n# caf\xe9\nwrite-files: [{path: /a, content: "\xe9"}]\n'],
  ['flatcar', 'ignition', '{"ignition": {"version": "3.3.0"}, "storage": {"files": [{"path": "/\xe9"}]}}\r\n'],
  ['debian', 'preseed', 'd-i passwd/user-fullname string Ren\xe9\nd-i preseed/late_command string echo \xe9\n'],
  ['ubuntu', 'nocloud', '#cloud-config\n# \xe9\nautoinstall:\n  version: 1\n  identity:\n    realname: Ren\xe9\n'],
] as const)('case 15-not-utf8: %s, %s: a byte that is not UTF-8 leaves as it is', async (system, kind, text) => {
  const { bootService } = await contextOf({
    'profiles/p.json': {
      system,
      version: '1.0.0',
      [kind]: 'd',
      phone_home: true,
      install: { disk: '/dev/vda' },
      nodes,
    },
    'configs/d': Buffer.from(text, 'latin1'),
  });
  const body = (await bootService.documentOf(kind, A)).body;
  expect(body.toString('latin1')).not.toBe(text);
  expect(body.includes(Buffer.from('\ufffd'))).toBe(false);
  // Without what was put in or replaced, every byte above ASCII is where it was.
  const high = (bytes: string): string => bytes.replaceAll(/[\0-\x7f]/g, '');
  expect(high(body.toString('latin1'))).toBe(high(text));
});

test('case 15-not-utf8: a template that is not UTF-8 is refused, with its line', async () => {
  const { bootService, catalog } = await contextOf({
    'profiles/p.json': { version: '1.0.0', cloud_config: 'd', nodes },
    'configs/d.yml.hbs': Buffer.from('#cloud-config\n# caf\xe9\nhostname: {{node.name}}\n', 'latin1'),
  });
  await expect(bootService.documentOf('cloud_config', A)).rejects.toThrow('not UTF-8, line 2');
  expect(catalog.current().problems[0]).toMatchObject({
    severity: 'error',
    message: 'not UTF-8, line 2',
    place: { file: 'configs/d.yml.hbs', line: 2 },
  });
});

test('case 18-nocloud-gzip: packed user-data leave as they are, and the advice names what cannot be put in', async () => {
  const packed = gzipSync('#cloud-config\nautoinstall: {version: 1, x: "$private_ipv4 ${private_ipv4}"}\n');
  const { bootService, catalog } = await contextOf({
    'profiles/n.json': {
      system: 'ubuntu',
      version: '24.04.1',
      nocloud: 'u',
      install: { disk: '/dev/vda' },
      phone_home: true,
      nodes,
    },
    'profiles/c.json': { version: '1', cloud_config: 'u', nodes: [{ name: 'b', mac: '525400551cef', ip: '10.0.0.3' }] },
    'configs/u': packed,
  });
  expect((await bootService.nocloud('user-data', A)).body).toEqual(packed);
  const b = { facts: factsOf({ mac: '525400551cef' }), origin };
  expect((await bootService.documentOf('cloud_config', b)).body).toEqual(packed);
  const { problems } = catalog.current();
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const said = problems.map(({ message }) => message).join('\n');
  expect(said).toContain('gzipped user-data are delivered as they are, without being checked');
  expect(said).toContain('no document of this profile can be given a unit that phones home');
  expect(said).toContain('there is no "autoinstall" to which a report could be added');
});
