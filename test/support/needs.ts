import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** What a test cannot do without, besides Node and the packages that npm installs. */
export interface Needs {
  readonly commands?: readonly string[];
  /** Absolute paths. Of a list inside the list, one is enough. */
  readonly files?: readonly (string | readonly string[])[];
  readonly root?: boolean;
  /** Reasons found elsewhere: what else is missing. */
  readonly missing?: readonly string[];
}

/** `describe` and `test` for what has needs: run, left out with the reason in the name, or (everything required) failed. */
export interface Needy {
  readonly missing: readonly string[];
  describe(title: string, body: () => void): void;
  test(title: string, body: () => Promise<void> | void): void;
}

/** Marks a left-out test in its name; scripts/test.ts collects what stands behind it. */
const LEFT_OUT = 'left out: ';

export function needs(wanted: Needs): Needy {
  const missing = missingOf(wanted);
  const name = (title: string): string => `${title} [${LEFT_OUT}${missing.join(', ')}]`;
  if (missing.length === 0) return { missing, describe: (title, body) => describe(title, body), test: plainTest };
  if (process.env['PILOTLIGHT_REQUIRE_ALL'] === '1') {
    const fail = (title: string): void => {
      test(name(title), () => {
        expect.fail(`required here, but missing: ${missing.join(', ')}`);
      });
    };
    return { missing, describe: fail, test: fail };
  }
  return {
    missing,
    describe: (title, body) => describe.skip(name(title), body),
    test: (title, body) => {
      test.skip(name(title), body);
    },
  };
}

/** Why something cannot run here; empty when it can. */
export function missingOf(wanted: Needs, path = process.env['PATH'] ?? ''): readonly string[] {
  const { commands = [], files = [], root = false, missing = [] } = wanted;
  return [
    ...commands.filter((command) => !onPath(command, path)).map((command) => `no ${command}`),
    ...files.flatMap((file) => {
      const choice = typeof file === 'string' ? [file] : file;
      return choice.some((one) => existsSync(one)) ? [] : [`no ${choice.join(' or ')}`];
    }),
    ...(root && process.getuid?.() !== 0 ? ['not root'] : []),
    ...missing,
  ];
}

function plainTest(title: string, body: () => Promise<void> | void): void {
  test(title, body);
}

// Debian keeps dnsmasq, in.tftpd, ip and nft in sbin, which is not on everybody's PATH.
function onPath(command: string, path: string): boolean {
  return [...path.split(delimiter), '/usr/sbin', '/sbin'].some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
