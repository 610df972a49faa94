import { expect, test } from 'vitest';
import { runLive, runQuiet } from '../../scripts/test/run.ts';

const node = process.execPath;

test('keeps output of both streams and the exit code', async () => {
  const run = await runQuiet(node, ['-e', 'console.log("out"); console.error("err"); process.exitCode = 3'], '.');
  expect(run.code).toBe(3);
  expect(run.output.split('\n').sort()).toEqual(['err', 'out']);
});

test('a signal is a failure', async () => {
  expect((await runQuiet(node, ['-e', 'process.kill(process.pid, "SIGKILL")'], '.')).code).toBe(1);
  expect(await runLive(node, ['-e', 'process.kill(process.pid, "SIGKILL")'], '.')).toBe(1);
});

test('a program that is not there is missing, not failed', async () => {
  expect((await runQuiet('no-such-program-here', [], '.')).code).toBe('missing');
});

test('gives the exit code of what runs in the terminal', async () => {
  expect(await runLive(node, ['-e', 'process.exitCode = 4'], '.')).toBe(4);
});
