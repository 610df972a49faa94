import { describe, expect, it } from 'vitest';
import { startScript } from '../../src/ipxe/start-script.ts';
import { expectGolden } from '../support/golden.ts';
import { ORIGIN } from '../os/sample.ts';

describe('the start script', () => {
  const text = startScript(ORIGIN);

  it('is what it was', () => {
    expectGolden('render/start.ipxe', text);
  });

  it('sends the most reliable facts first and free text last, encoded', () => {
    const query = /\/ipxe\?(\S+)/.exec(text)?.[1] ?? '';
    const names = query.split('&').map((pair) => pair.split('=')[0]);
    expect(names).toEqual([
      'mac',
      'uuid',
      'platform',
      'arch',
      'serial',
      'hostname',
      'asset',
      'manufacturer',
      'product',
    ]);
    const free = query.split('&').slice(4);
    for (const pair of free) expect(pair).toMatch(/:uristring\}$/);
  });

  it('waits for a server that is silent or gone, and gives its place to the answer', () => {
    expect(text).toMatch(/^chain --timeout \d+ --replace \S+ \|\| goto retry$/m);
    expect(text).toMatch(/\ngoto ask\n$/);
  });

  it('opens the network card before each question, and only then: the MAC is that of the card it came by', () => {
    const lines = text.split('\n');
    expect(lines[lines.indexOf(':ask') + 1]).toBe('ifopen ||');
    expect(lines.findIndex((line) => line.includes('netX'))).toBeLessThan(lines.indexOf(':ask'));
  });

  it('uses only commands that iPXE of 2019 knows', () => {
    const commands = new Set(
      text
        .split('\n')
        .slice(1, -1)
        .filter((line) => !line.startsWith(':'))
        .map((line) => line.split(' ')[0]),
    );
    expect([...commands].sort()).toEqual(['chain', 'echo', 'goto', 'ifopen', 'iseq', 'isset', 'set', 'sleep']);
  });
});
