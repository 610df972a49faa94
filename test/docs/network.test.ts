import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootOptions } from '../../src/exports/dnsmasq.ts';
import { SETTING_ROWS } from '../../src/settings/table.ts';
import { parseOrigin } from '../../src/model/plan.ts';
import { BOOT_PROGRAMS } from '../../src/images/boot-program-table.ts';
import { keyOf, matrixTable, PAIRWISE, type Row, ROWS } from '../lab/boot-matrix-rows.ts';
import { dnsmasqTest } from '../support/dnsmasq-test.ts';
import { needs } from '../support/needs.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const PAGES = ['docs/network.md', 'docs/exports.md'] as const;
const TEXT = PAGES.map(read).join('\n');

/** The fenced blocks with exactly this word behind the fence. */
function blocks(word: string): string[] {
  return [...TEXT.matchAll(/^```([^\n]+)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === word)
    .map((match) => match[2] ?? '');
}

const KEA = 'kea-dhcp4';
const VALIDATE = 'virt-xml-validate';

/** Runs a checker on a file with this text; its whole output when it refuses it. */
function refusal(program: string, args: (file: string) => readonly string[], text: string): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'recipe-'));
  try {
    writeFileSync(join(dir, 'recipe'), text);
    const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin`;
    const run = spawnSync(program, args(join(dir, 'recipe')), {
      encoding: 'utf8',
      env: { PATH: path, KEA_LOCKFILE_DIR: 'none' },
    });
    return run.status === 0 ? undefined : `${run.stdout}${run.stderr}`;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('the recipes of the pages', () => {
  it('are where the tests look for them', () => {
    expect(['dnsmasq', 'json kea', 'xml network'].map((word) => blocks(word).length)).toEqual([4, 1, 1]);
  });

  it('name only settings that exist', () => {
    const known = new Set(SETTING_ROWS.map(({ env }) => env));
    const named = new Set(TEXT.match(/PILOTLIGHT_[A-Z_]*[A-Z]/g));
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
    expect(named.size).toBeGreaterThan(5);
  });

  it('name only boot programs that exist', () => {
    const known = BOOT_PROGRAMS.map(({ name }) => name);
    const named = new Set(TEXT.match(/\b(?:undionly|snponly|ipxe)(?:-\w+)*\.(?:kpxe|efi)\b/g));
    expect([...named].filter((name) => !known.includes(name)).toSorted()).toEqual(['snponly-shim.efi']);
  });

  it('give dnsmasq what the export gives it', () => {
    const origin = parseOrigin('http://192.168.1.10:4777');
    const exported = origin === undefined ? [] : bootOptions({ address: '192.168.1.10', origin });
    const [byHand = ''] = blocks('dnsmasq');
    expect(
      byHand
        .trim()
        .split('\n')
        .filter((line) => !exported.includes(line)),
    ).toEqual([]);
  });

  it('say of the service what it says of itself', () => {
    expect(read('scripts/pilotlight.service')).toMatch(/^AmbientCapabilities=CAP_NET_BIND_SERVICE$/m);
  });
});

describe('the table of boots', () => {
  const read = (): string => readFileSync(PAGE, 'utf8');
  const PAGE = new URL('../../docs/network.md', import.meta.url);
  const BLOCK = /(<!-- boots: .+ -->\n)([^]*?)(<!-- \/boots -->)/;

  it('is what the lab boots', () => {
    const table = `${matrixTable()}\n`;
    if (process.env['PILOTLIGHT_UPDATE_GOLDEN'] === '1') {
      writeFileSync(
        PAGE,
        read().replace(BLOCK, (_, head: string, _old, end: string) => head + table + end),
      );
    }
    expect(BLOCK.exec(read())?.[2]).toBe(table);
  });

  it('has each pair of machine, way, program and DHCP among the rows that each run boots', () => {
    const all = new Set(ROWS.map(keyOf));
    expect(PAIRWISE.map(keyOf).filter((key) => !all.has(key))).toEqual([]);
    expect(PAIRWISE).toHaveLength(14);
    const names = ['firmware', 'way', 'program', 'dhcp'] as const;
    const pairs = (row: Row): string[] =>
      names.flatMap((a, i) => names.slice(i + 1).map((b) => `${row[a]}, ${row[b]}`));
    const booted = new Set(PAIRWISE.flatMap(pairs));
    expect([...new Set(ROWS.flatMap(pairs))].filter((pair) => !booted.has(pair))).toEqual([
      'secure-boot, next-server',
      'secure-boot-arm64, own',
    ]);
  });

  it('has a first card without a cable with each age of iPXE', () => {
    const ages = PAIRWISE.filter(({ cards }) => cards === 2).map(({ program }) => program);
    expect(ages.toSorted()).toEqual(['2.0', '2019', '2025']);
  });
});

needs({ commands: ['dnsmasq'] }).describe('dnsmasq --test', () => {
  it.each(blocks('dnsmasq'))('accepts\n%s', (text) => {
    expect(dnsmasqTest(text)).toContain('syntax check OK');
  });
});

needs({ commands: [KEA] }).describe('kea-dhcp4 -t', () => {
  const check = (text: string) => refusal(KEA, (file) => ['-t', file], text);

  it('accepts the recipe', () => {
    for (const text of blocks('json kea')) expect(check(text)).toBeUndefined();
  });

  it('would say no to a mistake in a test of a class', () => {
    expect(check((blocks('json kea')[0] ?? '').replace("not member('ipxe')", "nit member('ipxe')"))).toBeDefined();
  });
});

needs({ commands: [VALIDATE, 'xmllint'] }).test("libvirt's schema accepts the network", () => {
  const check = (text: string) => refusal(VALIDATE, (file) => [file, 'network'], text);
  for (const text of blocks('xml network')) {
    expect(check(text)).toBeUndefined();
    expect(check(text.replace('<bootp ', '<boot '))).toBeDefined();
  }
});
