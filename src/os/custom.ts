import { Failure } from '../model/failure.ts';
import type { Initrd } from '../model/plan.ts';
import { initrdPath, type Profile } from '../model/profile.ts';
import { argument, consoles, nocloudSeed } from './arguments.ts';
import { parseArtifact } from './artifacts.ts';
import { preseeding } from './debian.ts';
import type { PlanInput, System } from './system.ts';

/**
 * Any kernel: what the profile names, the documents' URLs, then `kernel_args`. Old keys keep their meaning. Each document
 * goes by the argument of the one program that reads its kind: coreos-cloudinit, Ignition, Debian's installer, Anaconda
 * (docs "inst.ks"), cloud-init. `generic` has no reader that is known here. Where `kernel_args` says such an argument
 * itself, nothing is put beside it.
 * With `install` nothing is added: what installs is for the operator to say, in the documents (they know where to
 * report) or in `kernel_args`.
 */
export const CUSTOM: System = {
  id: 'custom',
  title: 'Custom kernel',
  shelf: () => undefined,
  plan(input: PlanInput) {
    const { profile, documents } = input;
    if (profile.kernel === undefined || profile.kernel === '') {
      throw new Failure('broken', 'a custom system needs a kernel', {
        place: { file: profile.file, key: 'kernel' },
        remedy: 'set "kernel" to a path below images/ or a URL',
      });
    }
    return {
      kernel: parseArtifact(profile.kernel, profile, 'kernel'),
      initrds: initrdsOf(profile),
      extras: [],
      args: [
        ...argument('rootfstype', profile.rootfstype),
        ...consoles(profile),
        ...argument('cloud-config-url', documents.cloud_config),
        ...argument('ignition.config.url', documents.ignition),
        ...unlessSaid(preseeding(input), profile, ['url', 'preseed/url']),
        ...unlessSaid(argument('inst.ks', documents.kickstart), profile, ['inst.ks', 'ks']),
        ...unlessSaid(nocloudSeed(documents.nocloud), profile, ['ds']),
        ...argument('root', profile.root),
        ...profile.kernel_args,
      ],
    };
  },
};

/**
 * wimboot (ipxe.org/wimboot) hands Windows' boot loader its files by their names, BCD, boot.sdi and boot.wim: they keep
 * their own unless the profile gives another.
 */
function initrdsOf(profile: Profile): readonly Initrd[] {
  const wimboot = /(?:^|\/)wimboot[^/]*$/.test(profile.kernel?.replace(/[?#].*$/, '') ?? '');
  return profile.initrd.map((entry, i): Initrd => {
    const path = initrdPath(entry);
    const artifact = parseArtifact(path, profile, `initrd[${i}]`);
    const own = wimboot ? path.replace(/[?#].*$/, '').replace(/^.*\//, '') : undefined;
    const name = typeof entry === 'string' ? own : entry.name;
    return name === undefined ? artifact : { ...artifact, name };
  });
}

/** `args`, without those that the profile says itself; none where it already names a document by one of `names`. */
function unlessSaid(args: readonly string[], { kernel_args }: Profile, names: readonly string[]): readonly string[] {
  const said = new Set(kernel_args.map(nameOf));
  return names.some((name) => said.has(name)) ? [] : args.filter((arg) => !said.has(nameOf(arg)));
}

function nameOf(arg: string): string {
  return arg.split('=', 1)[0] ?? '';
}
