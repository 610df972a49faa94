import { describe, expect, it } from 'vitest';
import { parseOrigin } from '../../src/model/origin.ts';
import { bootOptions, KINDS } from '../../src/exports/boot-options.ts';
import { programFor } from '../../src/images/programs.ts';
import { clientTarget } from '../../src/dhcp/architecture.ts';
import { missing, SERVER } from './sample.ts';

describe('boot options', () => {
  it.each(KINDS)('name for $tag what our own DHCP proxy would', (kind) => {
    for (const arch of kind.arches) {
      const target = clientTarget(Buffer.from([0, arch])) ?? missing();
      expect(target.http).toBe(kind.http);
      expect(programFor(target)?.name).toBe(kind.program);
    }
  });

  it('know iPXE by its user class and by option 175, and send it to the script alone', () => {
    const options = bootOptions(SERVER);
    expect(options.slice(0, 2)).toEqual(['dhcp-userclass=set:ipxe,iPXE', 'dhcp-match=set:ipxe,175']);
    const boots = options.filter((option) => option.startsWith('dhcp-boot='));
    expect(boots.filter((option) => !option.includes('tag:!ipxe'))).toEqual([
      'dhcp-boot=tag:ipxe,http://192.168.122.10:4777/boot.ipxe',
    ]);
  });

  it('repeat the vendor class to every HTTP Boot client, asked or not', () => {
    const options = bootOptions(SERVER);
    for (const { tag } of KINDS.filter(({ http }) => http)) {
      expect(options).toContain(`dhcp-option-force=tag:!ipxe,tag:${tag},60,HTTPClient`);
    }
  });

  it('refuse a URL that the boot file field would cut', () => {
    const origin = (length: number) => parseOrigin(`http://h/${'a'.repeat(length - 9)}`) ?? missing();
    const longest = '/firmware/snponly-arm64.efi'.length;
    expect(() => bootOptions({ ...SERVER, origin: origin(127 - longest) })).not.toThrow();
    expect(() => bootOptions({ ...SERVER, origin: origin(128 - longest) })).toThrow(/does not fit/);
  });
});
