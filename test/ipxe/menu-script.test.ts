import { describe, expect, it } from 'vitest';
import { menuScript, type Menu } from '../../src/ipxe/menu-script.ts';
import { expectGolden } from '../support/golden.ts';
import { ORIGIN } from '../os/sample.ts';

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
    const entries = Array.from({ length: 120 }, (_, i) => ({ title: `Entry ${String(i)}`, url: FACTS }));
    const text = menuScript({ ...MENU, entries, choice: 110 });
    expect(text.match(/^item profile/gm)).toHaveLength(100);
    expect(text).toContain('--default wait chosen');
    expect(menuScript({ ...MENU, entries, choice: 99 })).toContain('--default profile100 chosen');
  });
});
