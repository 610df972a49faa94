import { describe, expect, it } from 'vitest';
import { createProgressBars } from '../../src/cli/sync-text.ts';

const T = 'flatcar/stable/amd64';

function setup(columns = 100) {
  let now = 0;
  const written: string[] = [];
  const bars = createProgressBars({ write: (text) => written.push(text), isTTY: true, columns }, () => now);
  return {
    bars,
    take: () => written.splice(0).join(''),
    at: (ms: number) => {
      now = ms;
    },
  };
}

describe('progress bars', () => {
  it('show a bar, the percentage, the rate of the last seconds and what remains', () => {
    const { bars, take, at } = setup();
    bars.on({ kind: 'download', target: T, file: 'vmlinuz', received: 0, size: 100 * 2 ** 20 });
    expect(take()).toBe(`vmlinuz  [${'-'.repeat(24)}]    0 %  of 100 MiB\n`);
    at(1000);
    bars.on({ kind: 'download', target: T, file: 'vmlinuz', received: 25 * 2 ** 20, size: 100 * 2 ** 20 });
    expect(take()).toBe(
      `\u001b[1A\u001b[Jvmlinuz  [${'#'.repeat(6)}${'-'.repeat(18)}]   25 %  of 100 MiB  25 MiB/s  3.0 s left\n`,
    );
    at(9000);
    bars.on({ kind: 'download', target: T, file: 'vmlinuz', received: 26 * 2 ** 20, size: 100 * 2 ** 20 });
    at(10_000);
    bars.on({ kind: 'download', target: T, file: 'vmlinuz', received: 27 * 2 ** 20, size: 100 * 2 ** 20 });
    expect(take()).toContain('1 MiB/s  1 min 13 s left');
  });

  it('an unknown size shows what has come', () => {
    const { bars, take } = setup();
    bars.on({ kind: 'download', target: T, file: 'a', received: 2048 });
    expect(take()).toBe('a  2 KiB\n');
  });

  it('are not drawn more than ten times a second', () => {
    const { bars, take, at } = setup();
    for (let ms = 0; ms <= 1000; ms += 1) {
      at(ms);
      bars.on({ kind: 'download', target: T, file: 'a', received: ms, size: 2000 });
    }
    expect(take().split('\n').length - 1).toBe(11);
  });

  it('lines that stay come above the bars, a verified file takes its bar away, and the end leaves nothing', () => {
    const { bars, take, at } = setup();
    bars.on({ kind: 'download', target: T, file: 'a', received: 1, size: 2 });
    at(200);
    bars.on({ kind: 'download', target: T, file: 'b', received: 1, size: 2 });
    take();
    bars.say('hello\n');
    const said = take();
    expect(said.startsWith('\u001b[2A\u001b[Jhello\na  [')).toBe(true);
    expect(said.split('\n')).toHaveLength(4);
    bars.on({ kind: 'verified', target: T, file: 'a', size: 2, by: 'x' });
    expect(take()).toMatch(/Jb {2}\[.*\n$/);
    bars.stop();
    expect(take()).toBe('\u001b[1A\u001b[J');
    bars.say('bye\n');
    expect(take()).toBe('bye\n');
  });

  it('never wrap: a wrapped line would be two on the screen', () => {
    const { bars, take } = setup(20);
    bars.on({ kind: 'download', target: T, file: 'flatcar_production_pxe_image.cpio.gz', received: 1, size: 2 });
    expect(take()).toBe('flatcar_production_\n');
  });
});
