import { describe, expect, it } from 'vitest';
import { safeEcho } from '../../src/ipxe/boot-script.ts';
import {
  failureLines,
  machineLines,
  type Menu,
  menuScript,
  missingImageLines,
  namelessLines,
  noticeScript,
  often,
  stoppedLines,
  unfinishedLines,
  unknownMachineLines,
} from '../../src/ipxe/notices.ts';
import { Failure } from '../../src/model/failure.ts';
import { parseLabel, parseMac, parseUuid } from '../../src/model/machine.ts';
import { must, ORIGIN } from '../os/sample.ts';
import { expectGolden } from '../support/golden.ts';

const FACTS = `${ORIGIN}/ipxe?mac=52-54-00-55-1c-ee`;
const MENU: Menu = {
  lines: ['MAC: 52:54:00:55:1c:ee', 'Machine: QEMU Standard PC'],
  entries: [
    { title: 'Debian 12 (install, wipes /dev/sda)', url: `${FACTS}&profile=debian` },
    { title: 'Flatcar, live', url: `${FACTS}&profile=flatcar` },
  ],
  wait: `${FACTS}&profile=wait`,
  platform: 'pcbios',
  choice: 1,
  timeoutSeconds: 30,
};

describe('the menu', () => {
  it('of a BIOS machine, with a choice of its own', () => {
    expectGolden('render/menu.ipxe', menuScript(MENU));
  });

  it('of an EFI machine that waits for a person', () => {
    expectGolden('render/menu-efi.ipxe', menuScript({ ...MENU, platform: 'efi', choice: 'wait', timeoutSeconds: 0 }));
  });

  it('of a machine that does not say what it is', () => {
    const text = menuScript({ ...MENU, platform: undefined, choice: 'local' });
    expect(text).toContain('--default local chosen');
    expect(text).toContain('iseq ${platform} efi && exit 1 || sanboot');
  });

  it('never runs what it quotes', () => {
    const text = menuScript({
      ...MENU,
      lines: ['x && echo INJECTED', '${platform}', '--key x', '; echo INJECTED'],
      entries: [{ title: 'a || echo INJECTED', url: FACTS }],
    });
    expectGolden('render/menu-hostile.ipxe', text);
    expect(() => menuScript({ ...MENU, wait: `${FACTS} || echo` })).toThrow('splits');
    expect(() => menuScript({ ...MENU, entries: [{ title: 'x', url: 'http://x && reboot' }] })).toThrow('splits');
  });

  it('shows no more than a person reads, and never chooses what it does not show', () => {
    const entries = Array.from({ length: 120 }, (_, i) => ({ title: `Entry ${i}`, url: FACTS }));
    const text = menuScript({ ...MENU, entries, choice: 110 });
    expect(text.match(/^item profile/gm)).toHaveLength(100);
    expect(text).toContain('--default wait chosen');
    expect(menuScript({ ...MENU, entries, choice: 99 })).toContain('--default profile100 chosen');
  });
});

const AGAIN = `${ORIGIN}/ipxe?mac=52-54-00-55-1c-ee`;

describe('the notice script', () => {
  it('says it, waits, asks again, and says it again while nobody answers', () => {
    const lines = ['No profile claims this machine.', '', 'MAC: 52:54:00:55:1c:ee'];
    expectGolden('render/notice.ipxe', noticeScript({ lines, again: AGAIN, pauseSeconds: 15 }));
  });

  it('gives its place to the answer: a machine may wait for days', () => {
    expect(noticeScript({ lines: [], again: AGAIN, pauseSeconds: 1 })).toMatch(
      /^chain --timeout 20000 --replace http:\S+ \|\| goto show$/m,
    );
  });

  it('always waits whole seconds, at least one', () => {
    const pause = (pauseSeconds: number) =>
      /^sleep (\S+)/m.exec(noticeScript({ lines: [], again: AGAIN, pauseSeconds }))?.[1];
    expect([pause(0), pause(0.2), pause(2.6), pause(30)]).toEqual(['1', '1', '3', '30']);
  });

  it('never runs what it quotes', () => {
    const hostile = [
      'a && echo INJECTED',
      'x\n echo INJECTED',
      '; echo INJECTED',
      '${platform}',
      '# x',
      '\\',
      '--help',
    ];
    expectGolden('render/notice-hostile.ipxe', noticeScript({ lines: hostile, again: AGAIN, pauseSeconds: 5 }));
    expect(() => noticeScript({ lines: [], again: `${AGAIN} || echo`, pauseSeconds: 5 })).toThrow('splits');
  });
});

const MAC = must(parseMac('525400551cee'));
const UUID = must(parseUuid('6f1d0f4e-1111-2222-3333-444455556666'));

/** The line that a person copies, parsed as what it becomes: an entry of "nodes". */
function entry(lines: readonly string[]): unknown {
  return JSON.parse(lines.map(safeEcho).find((line) => line.startsWith('{')) ?? 'null');
}

describe('unknownMachineLines', () => {
  it('says who the machine is and gives the line that makes it known', () => {
    const lines = unknownMachineLines({
      mac: MAC,
      uuid: UUID,
      serial: must(parseLabel('VM-1')),
      hostname: must(parseLabel('a-coreos')),
      manufacturer: must(parseLabel('QEMU')),
      product: must(parseLabel('Standard PC')),
    });
    expect(lines).toEqual([
      'No profile claims this machine.',
      'MAC: 52:54:00:55:1c:ee',
      `UUID: ${UUID}`,
      'Serial: VM-1',
      'Machine: QEMU Standard PC',
      'Add it to the "nodes" list of a file in profiles/:',
      '{ "name": "a-coreos", "mac": "52:54:00:55:1c:ee" }',
      'or run pilotlight adopt 52:54:00:55:1c:ee --profile P,',
      'or set "default": true in one profile.',
    ]);
  });

  it('takes UUID and serial where there is no MAC', () => {
    expect(entry(unknownMachineLines({ mac: MAC, uuid: UUID }))).toEqual({ name: 'NAME', mac: MAC });
    const serial = must(parseLabel('VM-1'));
    expect(entry(unknownMachineLines({ uuid: UUID, serial }))).toEqual({ name: 'NAME', uuid: UUID, serial: 'VM-1' });
  });

  it('names the command that makes it known, in one row of a screen, where a shell reads the name as it is', () => {
    const command = (lines: readonly string[]) => lines.find((line) => line.includes('pilotlight adopt'));
    const byUuid = command(unknownMachineLines({ uuid: UUID }));
    expect(byUuid).toBe(`or run pilotlight adopt uuid:${UUID} --profile P,`);
    expect(byUuid?.length).toBeLessThan(80);
    expect(command(unknownMachineLines({ serial: must(parseLabel('VM-1')) }))).toContain(' serial:VM-1 ');
    expect(command(unknownMachineLines({ serial: must(parseLabel('A $B')) }))).toBeUndefined();
  });

  it('says so when the machine told nothing', () => {
    const lines = unknownMachineLines({ platform: 'efi' });
    expect(lines.at(-1)).toContain('/boot.ipxe');
    expect(entry(lines)).toBeNull();
  });
});

describe('other notices', () => {
  it('names every file that is missing', () => {
    expect(missingImageLines('profiles/a.json', ['x/y', 'x/z'])).toEqual([
      'profiles/a.json names an image that is not there:',
      'images/x/y',
      'images/x/z',
      'Put it there, or change the version in the profile.',
    ]);
  });

  it('gives a failure with its place and remedy', () => {
    const failure = new Failure('broken', 'no version', {
      place: { file: 'profiles/a.json', key: 'version' },
      remedy: 'set it',
    });
    expect(failureLines(failure)).toEqual([
      'This machine cannot boot yet:',
      'profiles/a.json version: no version (set it)',
    ]);
  });
});

describe('what stands between a machine and its installer', () => {
  it.each([
    ['unfinished', unfinishedLines({ ago: 12, rest: 48, attempt: 2, limit: 3 })],
    ['stopped', stoppedLines({ tries: 3, command: 'pilotlight reinstall a-worker' })],
    ['nameless', namelessLines()],
  ])('%s', (name, lines) => {
    const again = `${ORIGIN}/ipxe?mac=52-54-00-55-1c-ee`;
    const title = 'a-worker: Debian 12.11.0';
    expectGolden(`render/notice-${name}.ipxe`, noticeScript({ lines: [title, ...lines], again, pauseSeconds: 5 }));
  });

  it('counts like a person', () => {
    expect(stoppedLines({ tries: 1, command: 'x' })[0]).toContain('began once and');
    expect([often(1), often(2)]).toEqual(['once', '2 times']);
  });
});

it('machineLines says no more than is known', () => {
  expect(machineLines({})).toEqual([]);
  expect(machineLines({ mac: MAC, product: must(parseLabel('NUC')) })).toEqual([`MAC: ${MAC}`, 'Machine: NUC']);
});
