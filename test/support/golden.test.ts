import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { expectGolden } from './golden.ts';

const path = (name: string) => fileURLToPath(new URL(`../golden/${name}`, import.meta.url));

describe('expectGolden', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('fails on a difference and on a file that is not there', () => {
    vi.stubEnv('PILOTLIGHT_UPDATE_GOLDEN', '');
    expect(() => {
      expectGolden('render/start.ipxe', 'something else');
    }).toThrow();
    expect(() => {
      expectGolden('render/no-such-golden.txt', 'x');
    }).toThrow('PILOTLIGHT_UPDATE_GOLDEN=1');
  });

  it('never writes on CI', () => {
    vi.stubEnv('PILOTLIGHT_UPDATE_GOLDEN', '1');
    vi.stubEnv('CI', 'true');
    expect(() => {
      expectGolden('render/no-such-golden.txt', 'x');
    }).toThrow('never updated on CI');
    expect(existsSync(path('render/no-such-golden.txt'))).toBe(false);
  });
});
