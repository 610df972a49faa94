import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checked, Epoll, READABLE, wake, WRITABLE } from '../../src/native/epoll.ts';
import { EAGAIN, type Libc, loadLibc } from '../../src/native/libc.ts';

const native = await loadLibc();
const libc = 'libc' in native ? native.libc : undefined;
const EBADF = 9;
const [AF_INET, SOCK_DGRAM, NONBLOCK] = [2, 2, 0o4000];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-native-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

test.each([
  ['darwin', 'arm64'],
  ['linux', 'ia32'],
  ['linux', 'riscv64'],
  ['win32', 'x64'],
])('%s on %s is told that it has to go without', async (platform, arch) => {
  expect(await loadLibc({ platform: platform as NodeJS.Platform, arch: arch as NodeJS.Architecture })).toEqual({
    why: `libc is only called on Linux on x64 and arm64, and this is ${platform} on ${arch}`,
  });
});

test('it is there where the tests run, so that they test it', () => {
  expect(native).toHaveProperty('libc');
});

test.runIf(libc !== undefined)('what fails is negative, and errno says why', () => {
  expect(libc?.close(9999)).toBe(-1);
  expect(libc?.errno()).toBe(EBADF);
});

test.runIf(libc)('a file is read from a place into several pieces', () => {
  const file = join(folder, 'file');
  writeFileSync(file, 'abcdefgh');
  const fd = openSync(file, 'r');
  const [one, two] = [Buffer.alloc(2), Buffer.alloc(3)];
  const iovec = Buffer.alloc(32);
  for (const [at, piece] of [one, two].entries()) {
    iovec.writeBigUInt64LE((libc as Libc).address(piece), 16 * at);
    iovec.writeBigUInt64LE(BigInt(piece.length), 16 * at + 8);
  }
  expect(libc?.preadv(fd, iovec, 2, 1)).toBe(5);
  expect(`${one.toString()} ${two.toString()}`).toBe('bc def');
  expect(libc?.posix_fadvise(fd, 0, 8, 3)).toBe(0);
  closeSync(fd);
});

test.runIf(libc)('a UDP socket, and epoll that says when it is ready', () => {
  const call = libc as Libc;
  const before = descriptors();
  const epoll = new Epoll(call);
  const socket = checked(call, 'socket', call.socket(AF_INET, SOCK_DGRAM | NONBLOCK, 0));
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt32BE(0x7f000001, 4);
  checked(call, 'bind', call.bind(socket, address, 16));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(16);
  checked(call, 'getsockname', call.getsockname(socket, address, length));

  epoll.add(socket, READABLE, 7);
  const seen: (readonly [number, number])[] = [];
  const look = (timeout: number): boolean => epoll.wait(timeout, (id, events) => seen.push([id, events]));
  expect(look(0)).toBe(false);
  expect(seen).toEqual([]);
  const from = Buffer.alloc(64);
  expect(call.recv(socket, from, 64, 0)).toBe(-1);
  expect(call.errno()).toBe(EAGAIN);

  expect(call.sendto(socket, Buffer.from('hello'), 5, 0, address, 16)).toBe(5);
  expect(look(-1)).toBe(false);
  expect(seen).toEqual([[7, READABLE]]);
  expect(call.recv(socket, from, 64, 0)).toBe(5);
  epoll.change(socket, WRITABLE, 8);
  look(-1);
  expect(seen[1]).toEqual([8, WRITABLE]);
  epoll.remove(socket);

  expect(look(0)).toBe(false);
  call.close(socket);
  epoll.close();
  expect(descriptors()).toBe(before);
});

test.runIf(libc)('another thread wakes it, also before it waits; many times are one', async () => {
  const call = libc as Libc;
  const epoll = new Epoll(call);
  wake(call, epoll.wakeFd);
  wake(call, epoll.wakeFd);
  expect(epoll.wait(-1, () => undefined)).toBe(true);
  expect(epoll.wait(0, () => undefined)).toBe(false);

  const program = `const koffi = require('koffi'); const one = Buffer.alloc(8); one[0] = 1;
    koffi.load(null).func('int64_t write(int, void *, size_t)')(require('worker_threads').workerData, one, 8);`;
  const worker = new Worker(program, { eval: true, workerData: epoll.wakeFd });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  await ended;
  expect(epoll.wait(-1, () => undefined)).toBe(true);
  epoll.close();
});

test.runIf(libc)('what cannot be added is said with the call and its number', () => {
  const epoll = new Epoll(libc as Libc);
  expect(() => {
    epoll.add(9999, READABLE, 1);
  }).toThrow('epoll_ctl failed: errno 9');
  epoll.close();
});
