import { describe, expect, test } from 'vitest';
import { MAC, adminSetup } from './setup.ts';

describe('the address of a machine that is adopted', () => {
  const SEED = {
    'configs/seed.yml.hbs':
      '#cloud-config\nwrite_files:\n{{#each cluster}}\n  - path: /etc/{{ip}}\n    content: {{name}}\n{{/each}}\n',
    'profiles/seed.json': `{\n  "system": "flatcar",\n  "version": "1",\n  "cloud_config": "seed",\n  "nodes": [\n    { "name": "a", "mac": "00:1b:21:00:00:0a", "ip": "10.0.0.1" }\n  ]\n}\n`,
  };

  test('is written with the machine, and changed later, with the name or without', async () => {
    const setup = await adminSetup(SEED);
    const nodes = (): unknown => (JSON.parse(setup.text('profiles/seed.json')) as { nodes: unknown[] }).nodes[1];
    await setup.adminService.adopt({ key: MAC, profile: 'seed', name: 'b', ip: '10.0.0.2' });
    expect(nodes()).toEqual({ name: 'b', mac: MAC, ip: '10.0.0.2' });
    await setup.adminService.adopt({ key: MAC, profile: 'seed', ip: '10.0.0.3' });
    expect(nodes()).toEqual({ name: 'b', mac: MAC, ip: '10.0.0.3' });
    await setup.adminService.adopt({ key: MAC, profile: 'seed', name: 'c' });
    expect(nodes()).toEqual({ name: 'c', mac: MAC, ip: '10.0.0.3' });
  });

  test('that a template needs is asked for by the error, which names this machine and no other', async () => {
    const setup = await adminSetup(SEED);
    const before = setup.text('profiles/seed.json');
    await expect(setup.adminService.adopt({ key: MAC, profile: 'seed', name: 'b' })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('variable "ip" is not there for b') as string,
      place: { file: 'configs/seed.yml.hbs', line: 4 },
      remedy: 'give it an address: --ip ADDRESS, or the field "Address"',
    });
    expect(setup.text('profiles/seed.json')).toBe(before);
  });

  test.each(['10.0.0.2/24', 'host', '010.0.0.1', '10.0.0.1.5'])('%s is none', async (ip) => {
    const setup = await adminSetup(SEED);
    await expect(setup.adminService.adopt({ key: MAC, profile: 'seed', ip })).rejects.toMatchObject({
      code: 'invalid',
      message: `"${ip}" is not an IPv4 or IPv6 address`,
    });
  });

  test('that another node has is refused', async () => {
    const setup = await adminSetup(SEED);
    await expect(setup.adminService.adopt({ key: MAC, profile: 'seed', ip: '10.0.0.1' })).rejects.toMatchObject({
      message: expect.stringContaining('the ip 10.0.0.1 belongs to two nodes') as string,
    });
  });
});
