import { describe, expect, it } from 'vitest';
import { problemLine } from '../../src/model/failure.ts';
import type { BuiltProfile } from '../../src/model/profile.ts';
import { profileWordProblems } from '../../src/ipxe/kernel-line.ts';
import { profileOf } from '../os/sample.ts';

const found = (more: Partial<BuiltProfile>) => profileWordProblems(profileOf(more)).map(problemLine);

describe('profileWordProblems', () => {
  it('is content with ordinary profiles', () => {
    expect(
      found({
        console: ['tty0', 'ttyS0,115200n8'],
        root: 'LABEL=ROOT',
        rootfstype: 'btrfs',
        coreos_autologin: 'tty1',
        kernel_args: ['x="a b"', 'ds=nocloud;dsmode=net;s=http://x/', 'url=http://x/?a=b&c=d'],
        install: { disk: '/dev/disk/by-id/x' },
      }),
    ).toEqual([]);
    expect(found({ version: '', root: '', coreos_autologin: '' })).toEqual([]);
  });

  it.each([
    [{ console: ['ttyS0', 'ttyS1\necho INJECTED'] }, /console\[1\]: the value holds a line break/],
    [{ root: '/dev/sda1 && echo INJECTED' }, /root: the value has the word "&&"/],
    [{ rootfstype: '${mac}' }, /rootfstype: the value holds "\$\{"/],
    [{ coreos_autologin: 'tty1 tty2' }, /coreos_autologin: the value is more than one plain word/],
    [{ version: '1;2' }, /version: the value is more than one plain word/],
    [{ kernel_args: ['quiet', 'a #b'] }, /kernel_args\[1\]: the value has the word "#b"/],
    [{ kernel_args: ['x\\'] }, /kernel_args\[0\]: the value ends with a backslash/],
    [{ install: { disk: '/dev/sda; x' } }, /install.disk: the value is more than one plain word/],
    [{ console: ['x'.repeat(257)] }, /console\[0\]: /],
  ] satisfies [Partial<BuiltProfile>, RegExp][])('names file and key: %j', (more, line) => {
    const [problem, ...rest] = found(more);
    expect(problem).toMatch(line);
    expect(problem).toMatch(/^profiles\/sample\.json .*\(use letters/);
    expect(rest).toEqual([]);
  });
});
