import { Failure } from '../domain/failure.ts';
import { argument, consoles } from './arguments.ts';
import { parseArtifact } from './artifacts.ts';
import type { PlanInput, System } from './system.ts';

/**
 * Any kernel: what the profile names, the documents' URLs, then `kernel_args`. Old keys keep their meaning.
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
      initrds: profile.initrd.map((text, i) => parseArtifact(text, profile, `initrd[${i}]`)),
      extras: [],
      args: [
        ...argument('rootfstype', profile.rootfstype),
        ...consoles(profile),
        ...argument('cloud-config-url', documents.cloud_config),
        ...argument('ignition.config.url', documents.ignition),
        ...argument('root', profile.root),
        ...profile.kernel_args,
      ],
    };
  },
};
