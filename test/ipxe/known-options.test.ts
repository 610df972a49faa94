import { describe, expect, it } from 'vitest';
import { takesInitPlace } from '../../src/ipxe/known-options.ts';

describe('takesInitPlace', () => {
  it.each([
    'cloud-config-url=x',
    'sshkey="a b"',
    'url=http://x',
    'auto=true',
    'hostname=',
    'BOOTIF=01-52',
    'ds=nocloud;s=x',
  ])('counts %s', (word) => {
    expect(takesInitPlace(word)).toBe(true);
  });

  it.each(['console=ttyS0', 'root=/dev/sda', 'rootfstype=btrfs', 'ip=dhcp', 'initrd=main', 'slab-nomerge=1', 'pti=on'])(
    "does not count the kernel's %s",
    (word) => {
      expect(takesInitPlace(word)).toBe(false);
    },
  );

  it.each(['quiet', '---', '', '=', 'a.b=c', 'ignition.config.url=http://x/?a=b'])('does not count %j', (word) => {
    expect(takesInitPlace(word)).toBe(false);
  });
});
