import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeDataFolder } from '../support/lab-data.ts';
import { build } from '../support/lab-server.ts';
import { needs } from '../support/needs.ts';

const MAC = '52:54:00:55:1c:ee';
const SECURE_ON = '00:22:44:66:88:aa';
const main = join(import.meta.dirname, '..', '..', 'dist', 'main.js');

const lab = needs({ commands: ['ip', 'tcpdump', 'etherwake'], root: true });

/** What a program inside a network namespace put on its wire: two packets, whole. */
async function packets(work: (inside: readonly string[]) => void): Promise<readonly Buffer[]> {
  const name = `pw${process.pid}`;
  const ip = (...words: readonly string[]): void => {
    execFileSync('ip', words);
  };
  await using data = await makeDataFolder();
  const capture = join(data.path, 'wire.pcap');
  ip('netns', 'add', name);
  try {
    ip('-n', name, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
    ip('-n', name, 'addr', 'add', '192.168.77.1/24', 'brd', '+', 'dev', 'v0');
    for (const link of ['v0', 'v1']) ip('-n', name, 'link', 'set', link, 'up');
    const filter = ['udp port 9 or ether proto 0x0842'];
    const dump = spawn(
      'ip',
      ['netns', 'exec', name, 'tcpdump', '-i', 'v1', '-U', '-c', '2', '-w', capture, ...filter],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const ended = once(dump, 'close');
    await once(dump.stderr, 'data'); // it listens
    work(['netns', 'exec', name]);
    await ended;
  } finally {
    ip('netns', 'del', name);
  }
  const bytes = readFileSync(capture);
  const found: Buffer[] = [];
  // pcap: a header of 24 bytes, then each packet behind 16 bytes, of which the third word is its length.
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8))
    found.push(bytes.subarray(at + 16, at + 16 + bytes.readUInt32LE(at + 8)));
  return found;
}

for (const secureon of [undefined, SECURE_ON]) {
  const what = secureon === undefined ? '' : ' with SecureOn';
  lab.test(`the magic packet${what} is etherwake's, byte for byte`, async () => {
    build();
    await using data = await makeDataFolder({ 'secrets/wol': `${SECURE_ON}\n` });
    execFileSync('chmod', ['600', join(data.path, 'secrets/wol')]);
    const wol = secureon === undefined ? {} : { secureon: { file: 'secrets/wol' } };
    const nodes = [{ name: 'w1', mac: MAC, ip: '192.168.77.9', power: { wol } }];
    await data.write('profiles/a.json', { system: 'custom', kernel: 'k', nodes });
    let said = '';
    const [ours = Buffer.alloc(0), theirs = Buffer.alloc(0)] = await packets((inside) => {
      const env = { PATH: process.env['PATH'] ?? '', PILOTLIGHT_DATA_DIR: data.path };
      said = execFileSync('ip', [...inside, process.execPath, main, 'power', 'on', 'w1'], { env, encoding: 'utf8' });
      const password = secureon === undefined ? [] : ['-p', secureon];
      execFileSync('ip', [...inside, 'etherwake', '-i', 'v0', ...password, MAC]);
    });
    // Ours in UDP (14 bytes of Ethernet, 20 of IP, 8 of UDP), etherwake's in Ethernet itself.
    expect(ours.subarray(42).toString('hex')).toBe(theirs.subarray(14).toString('hex'));
    expect(ours.subarray(42)).toHaveLength(secureon === undefined ? 102 : 108);
    expect(ours.subarray(0, 6).toString('hex')).toBe('ffffffffffff');
    expect([...ours.subarray(30, 34)]).toEqual([192, 168, 77, 255]);
    expect(said).toContain(`magic packet for ${MAC} sent to 192.168.77.255 (v0); whether it woke shows when it boots`);
  });
}
