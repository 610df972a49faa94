import type { Problem } from '../model/problem.ts';
import type { Profile } from '../model/profile.ts';
import { liveText } from './ipxe-text.ts';

/** What the values of a profile that become one word of a script may consist of. Nothing in it is live anywhere. */
const WORD = /^[A-Za-z0-9._:/@%+,=~-]{1,256}$/;

/** A profile's values that would not reach the kernel as they are written, each with file and key. */
export function profileWordProblems(profile: Profile): Problem[] {
  const words: [key: string, value: string | undefined][] = [
    ['version', profile.version],
    ...profile.console.map((name, i): [string, string] => [`console[${i}]`, name]),
    ['coreos_autologin', profile.coreos_autologin],
    ['root', profile.root],
    ['rootfstype', profile.rootfstype],
    ['install.disk', profile.install?.disk],
  ];
  return [
    ...words.flatMap(([key, value]) =>
      value === undefined || value === '' || WORD.test(value)
        ? []
        : [refused(profile, key, liveText(value) ?? 'is more than one plain word')],
    ),
    ...profile.kernel_args.flatMap((value, i) => {
      const reason = liveText(value);
      return reason === undefined ? [] : [refused(profile, `kernel_args[${i}]`, reason)];
    }),
  ];
}

function refused(profile: Profile, key: string, reason: string): Problem {
  return {
    severity: 'error',
    message: `the value ${reason}`,
    place: { file: profile.file, key },
    remedy: 'use letters, digits and . _ : / @ % + , = ~ - ; longer settings belong into a configuration document',
  };
}
