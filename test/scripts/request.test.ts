import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { readRequest, scriptProblem } from '../../scripts/vm/request.ts';

test('without options: the running server, a BIOS, memory for Flatcar, no KVM', () => {
  expect(readRequest([])).toEqual({
    url: 'http://127.0.0.1:4777/boot.ipxe',
    args: [
      ...['--interactive', '--name', 'pilotlight-52:54:00:12:34:56', '--url', 'http://10.0.2.2:4777/boot.ipxe'],
      ...['--mac', '52:54:00:12:34:56', '--firmware', 'bios', '--mem', '3072', '--accel', 'tcg'],
    ],
  });
});

test('every option, any spelling of a MAC', () => {
  const argv = ['--mac', '52-54-00-55-1C-EE', '--uefi', '--url', 'http://boot.lan:80/?profile=a', '--mem', '512'];
  expect(readRequest([...argv, '--accel', 'kvm'])).toEqual({
    url: 'http://boot.lan/?profile=a',
    args: [
      ...['--interactive', '--name', 'pilotlight-52:54:00:55:1c:ee', '--url', 'http://boot.lan/?profile=a'],
      ...['--mac', '52:54:00:55:1c:ee', '--firmware', 'uefi', '--mem', '512', '--accel', 'kvm'],
    ],
  });
});

test.each(['http://localhost:9', 'http://127.0.0.1:9/', 'http://[::1]:9', 'http://0.0.0.0:9'])(
  '%s is 10.0.2.2 to the machine, and the path is /boot.ipxe',
  (url) => {
    const request = readRequest(['--url', url]);
    expect(request).toMatchObject({ args: expect.arrayContaining(['http://10.0.2.2:9/boot.ipxe']) as unknown });
  },
);

test.each([
  [['--mac', '52:54:00'], /--mac 52:54:00: six pairs/],
  [['--mem', '1G'], /--mem 1G: MiB/],
  [['--accel', 'hvf'], /--accel hvf: tcg or kvm/],
  [['--url', 'https://boot.lan/'], /an http:\/\/ address/],
  [['--macc', 'x'], /--macc/],
  [['a-coreos'], /a-coreos/],
])('%j is explained', (argv, problem) => {
  expect(readRequest(argv)).toEqual({ problem: expect.stringMatching(problem) as unknown });
});

test('help', () => {
  expect(readRequest(['--help'])).toBe('help');
});

const open = new Set<{ close(): unknown }>();
afterEach(() => {
  for (const server of open) server.close();
  open.clear();
});

async function answering(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status, { connection: 'close' }).end(body));
  open.add(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/boot.ipxe`;
}

test('a server that gives a script is fine', async () => {
  expect(await scriptProblem(await answering(200, '#!ipxe\nexit\n'))).toBeUndefined();
});

test('a server that gives something else is not', async () => {
  expect(await scriptProblem(await answering(200, '<html>'))).toMatch(/answers 200, and not with .*: <html>/);
  expect(await scriptProblem(await answering(404, 'no such page\nmore'))).toMatch(/answers 404.*: no such page$/);
});

test('no server: what to start', async () => {
  const url = await answering(200, '');
  for (const server of open) server.close();
  expect(await scriptProblem(url)).toMatch(/no server answers at .*npm start/);
});
