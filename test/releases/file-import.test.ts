import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openStick } from '../../src/releases/file-import.ts';
import { makeFolder } from '../support/folder.ts';

it('serves its files by their names wherever they are asked for, and nothing else', async () => {
  const dir = makeFolder({ 'a/kernel': 'KERNEL', secret: 'x' });
  const stick = await openStick([join(dir, 'a/kernel')]);
  onTestFinished(() => stick.close());
  expect(stick.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  for (const path of ['/kernel', '/any/where/kernel']) {
    const answer = await fetch(stick.url + path);
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '6', 'KERNEL']);
    expect(answer.headers.get('etag')).toMatch(/^"6-/);
  }
  const head = await fetch(`${stick.url}/kernel`, { method: 'HEAD' });
  expect([head.headers.get('content-length'), await head.text()]).toEqual(['6', '']);
  for (const path of ['/secret', '/', '/a/../secret', '/%2e%2e/secret', '/kernel/'])
    expect((await fetch(stick.url + path)).status, path).toBe(404);
  // A name that cannot be decoded is somebody's mistake, not the end.
  expect((await fetch(`${stick.url}/%ff`)).status).toBe(404);
});

it('says which file is wrong', async () => {
  const dir = makeFolder({ 'a/kernel': '1', 'b/kernel': '2' });
  await expect(openStick([join(dir, 'nothing')])).rejects.toMatchObject({
    code: 'not-found',
    message: 'nothing cannot be read',
  });
  await expect(openStick([dir])).rejects.toMatchObject({ code: 'invalid' });
  await expect(openStick([join(dir, 'a/kernel'), join(dir, 'b/kernel')])).rejects.toThrow(
    'two files are called kernel',
  );
});

it('a file that is gone meanwhile breaks the answer off', async () => {
  const dir = makeFolder({ kernel: 'KERNEL' });
  const stick = await openStick([join(dir, 'kernel')]);
  onTestFinished(() => stick.close());
  writeFileSync(join(dir, 'kernel'), 'K');
  await expect(fetch(`${stick.url}/kernel`).then((answer) => answer.text())).rejects.toThrow();
});
