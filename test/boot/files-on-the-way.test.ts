import { type Profiler, Session } from 'node:inspector/promises';
import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { contextOf } from '../support/app-context.ts';
import { openContext } from '../support/http-server.ts';

const IMAGE = 'images/flatcar/amd64/4593.2.5/flatcar_production_pxe';
const FILES = {
  'profiles/worker.json': {
    system: 'flatcar',
    version: '4593.2.5',
    ignition: 'worker.ign',
    nodes: [1, 2, 3, 4, 5].map((n) => ({ name: `w${n}`, mac: `52-54-00-00-00-0${n}` })),
  },
  'configs/worker.ign': '{"ignition": {"version": "3.3.0"}}',
  [`${IMAGE}.vmlinuz`]: 'k',
  [`${IMAGE}_image.cpio.gz`]: 'i',
};

/**
 * What a reader opens who follows one request: every file of src/ in which a function is called between `GET /ipxe?mac=` and
 * its answer, for a machine that the script cache does not know, whose images were there a moment ago. The connection and the
 * access log count, too. docs/architecture.md names them in the order in which a reader opens them.
 */
it('a MAC becomes a script in 19 files, and its walk names them', async () => {
  const { bootService, imageStore } = await contextOf(FILES);
  const context = await openContext(bootService, { imageStore });
  onTestFinished(() => context.close());
  const ask = async (n: number): Promise<string> =>
    await (await fetch(`http://127.0.0.1:${context.port}/ipxe?mac=52-54-00-00-00-0${n}`)).text();
  await ask(1);
  const session = new Session();
  session.connect();
  onTestFinished(() => {
    session.disconnect();
  });
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  await session.post('Debugger.enable');
  // The tests' loader makes a function of every export, which is called where the export is used: none of ours.
  const isOurs = (source: string, { ranges: [range] }: Profiler.FunctionCoverage): boolean =>
    (range?.count ?? 0) > 0 &&
    !/^\(\) ?=> ?\{ try \{ return \S+ \} catch \{\} \}$/.test(source.slice(range?.startOffset, range?.endOffset));
  const enteredBy = async (n: number): Promise<readonly string[]> => {
    await session.post('Profiler.takePreciseCoverage');
    expect(await ask(n)).toContain('kernel ');
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const entered: string[] = [];
    for (const { url, functions, scriptId } of result) {
      const file = /\/src\/(.*)$/.exec(url)?.[1];
      if (file === undefined) continue;
      const { scriptSource } = await session.post('Debugger.getScriptSource', { scriptId });
      if (functions.some((one) => isOurs(scriptSource, one))) entered.push(file);
    }
    return entered;
  };
  await ask(2);
  // What only one of them enters is a timer's that ran meanwhile.
  const ways = [await enteredBy(3), await enteredBy(4), await enteredBy(5)];
  const entered = (ways[0] ?? []).filter((file) => ways.every((way) => way.includes(file)));
  expect(entered).toContain('boot/decide.ts');
  expect(entered.length, entered.sort().join(' ')).toBeLessThanOrEqual(19);
  const [, walk = ''] =
    /\*\*A MAC becomes a script\.\*\*(.*?)\*\*A document/s.exec(
      readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8'),
    ) ?? [];
  expect(entered.filter((file) => !walk.includes(`\`${file}\``))).toEqual([]);
});
