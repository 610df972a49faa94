import { describe, expect, it } from 'vitest';
import { parseLabel } from '../../src/model/facts.ts';
import { parseMac } from '../../src/model/mac.ts';
import { parseUuid } from '../../src/model/uuid.ts';
import { againUrl } from '../../src/ipxe/again-url.ts';
import { liveText } from '../../src/ipxe/ipxe-text.ts';
import { must, ORIGIN } from '../os/sample.ts';

describe('againUrl', () => {
  it('repeats every fact in the order of the start script', () => {
    const url = againUrl(ORIGIN, {
      mac: must(parseMac('52:54:00:55:1C:EE')),
      uuid: must(parseUuid('6f1d0f4e-1111-2222-3333-444455556666')),
      serial: must(parseLabel('S/N 1+1=2 (50%)')),
      hostname: must(parseLabel('a.lan')),
      asset: must(parseLabel('A&B')),
      manufacturer: must(parseLabel('QEMU')),
      product: must(parseLabel('Standard PC')),
      arch: 'x86_64',
      platform: 'efi',
    });
    expect(url).toBe(
      'http://10.0.2.2:4777/ipxe?mac=52-54-00-55-1c-ee&uuid=6f1d0f4e-1111-2222-3333-444455556666&platform=efi&arch=x86_64' +
        '&serial=S%2FN%201%2B1%3D2%20(50%25)&hostname=a.lan&asset=A_B&manufacturer=QEMU&product=Standard%20PC',
    );
    expect(liveText(url)).toBeUndefined();
  });

  it('carries what was chosen at the screen before the free text, which iPXE of 2019 may cut', () => {
    const facts = { mac: must(parseMac('525400551cee')), serial: must(parseLabel('X')) };
    expect(againUrl(ORIGIN, facts, 'live')).toBe(
      'http://10.0.2.2:4777/ipxe?mac=52-54-00-55-1c-ee&profile=live&serial=X',
    );
  });

  it('has no query for a machine that told nothing', () => {
    expect(againUrl(ORIGIN, {})).toBe('http://10.0.2.2:4777/ipxe');
  });
});
