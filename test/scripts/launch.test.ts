import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { MAIN } from '../support/built.ts';
import { makeFolder } from '../support/folder.ts';

// dist/main.js on copies of what was built: what V8 compiled of a program may be lost, damaged or somebody else's.

interface Copy {
  readonly main: string;
  /** Where a user's own files of this kind go. */
  readonly cache: string;
}

let copy: Copy;

beforeEach(() => {
  const top = fs.mkdtempSync(join(dirname(MAIN), '..', 'node_modules', '.launch-'));
  onTestFinished(() => {
    fs.rmSync(top, { recursive: true, force: true });
  });
  const built = dirname(MAIN);
  fs.cpSync(built, join(top, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.cache') });
  fs.copyFileSync(join(built, '..', 'package.json'), join(top, 'package.json'));
  const cache = join(top, 'cache');
  fs.mkdirSync(cache);
  copy = { main: join(top, 'dist', 'main.js'), cache };
});

function run(words: readonly string[] = ['--version'], { node = [] as readonly string[], cache = copy.cache } = {}) {
  const env = { PATH: process.env['PATH'], CACHE_DIRECTORY: cache };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, copy.main, ...words], {
    ...{ env, encoding: 'utf8', cwd: makeFolder() },
  });
  return { status, stdout, stderr };
}

const RIGHT = { status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string, stderr: '' };
const kept = (): string[] => fs.readdirSync(copy.cache).map((name) => join(copy.cache, name));
const file = (): string => kept()[0] ?? expect.fail('nothing was kept');
/** A file that is replaced has another number. */
const number = (): number => fs.statSync(file()).ino;

describe('what V8 compiled of the program', () => {
  it('is kept at the first end, and taken from then on', () => {
    expect(run()).toEqual(RIGHT);
    expect(kept()).toHaveLength(1);
    const before = number();
    expect(run()).toEqual(RIGHT);
    expect([kept().length, number()]).toEqual([1, before]);
  });

  it.each<[string, (whole: Buffer) => Buffer]>([
    ['cut', (whole) => whole.subarray(0, whole.length / 2)],
    ['empty', () => Buffer.alloc(0)],
    ['one bit of it turned', (whole) => Object.assign(Buffer.from(whole), { 5000: (whole[5000] ?? 0) ^ 1 })],
    ['that of another program', (whole) => Buffer.from(whole.toString('latin1').replace(/^./, 'x'), 'latin1')],
    ['something else', () => Buffer.from('hello\n')],
  ])('is made anew where it is %s', (_, damage) => {
    run();
    const whole = fs.readFileSync(file());
    fs.writeFileSync(file(), damage(whole));
    const before = number();
    expect(run()).toEqual(RIGHT);
    expect(number()).not.toBe(before);
    expect(fs.readFileSync(file()).subarray(0, 32)).toEqual(whole.subarray(0, 32));
  });

  it('is not taken where others could have written it', () => {
    run();
    fs.chmodSync(file(), 0o666);
    const before = number();
    expect(run()).toEqual(RIGHT);
    expect(number()).not.toBe(before);
  });

  it('is not waited for where a pipe has its name', () => {
    run();
    const pipe = file();
    fs.rmSync(pipe);
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    expect(run()).toEqual(RIGHT);
    expect(fs.statSync(pipe).isFile()).toBe(true);
  });

  it('of a Node with other flags is a file of its own', () => {
    run();
    expect(run(undefined, { node: ['--no-opt'] })).toEqual(RIGHT);
    expect(kept()).toHaveLength(2);
  });

  it('is not missed where it cannot be written', () => {
    const blocked = join(copy.cache, 'file');
    fs.writeFileSync(blocked, '');
    expect(run(undefined, { cache: join(blocked, 'folder') })).toEqual(RIGHT);
    expect(run(undefined, { cache: '' })).toEqual(RIGHT);
    expect(fs.readdirSync(dirname(copy.main)).filter((name) => name.includes('.cache'))).toEqual([]);
  });
});

it('a stack trace names the files of src/, where they lie in one', () => {
  const broken = join(makeFolder(), 'broken.cjs');
  fs.writeFileSync(broken, "process.stdout.write = () => { throw new TypeError('no pen'); };");
  const { status, stderr } = run(['--help'], { node: ['--require', broken] });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^TypeError: no pen\n/);
  expect(stderr).toMatch(/ \(src\/cli\/cli\.ts:\d+:\d+\)\n/);
  expect(stderr).not.toContain('program.js');
  fs.rmSync(join(dirname(copy.main), 'program.js.map'));
  expect(run(['--help'], { node: ['--require', broken] }).stderr).toMatch(/^TypeError: no pen\n[^]*program\.js:\d+/);
});

it('checks profiles without making code at run time: their schema is compiled by the build', () => {
  const data = makeFolder({ 'profiles/a.json': '{ "systm": "debian" }' });
  const { status, stdout, stderr } = run(['check', '--data-dir', data], {
    node: ['--disallow-code-generation-from-strings'],
  });
  expect([status, stderr]).toEqual([1, '']);
  expect(stdout).toContain('did you mean `system`?');
});
