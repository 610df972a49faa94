import type { Origin } from '../model/origin.ts';
import { artifactUrl, type Plan } from '../model/plan.ts';
import { refuseNames } from './pxelinux-config.ts';

export interface PixiecoreAnswer {
  readonly kernel: string;
  readonly initrd: readonly string[];
  readonly cmdline: string;
}

/** pixiecore's API answer (danderson/netboot, README.api.md). It adds `initrd=` itself. */
export function pixiecoreAnswer(plan: Plan, origin: Origin): PixiecoreAnswer {
  refuseNames(plan, 'pixiecore');
  return {
    kernel: artifactUrl(plan.kernel, origin),
    initrd: plan.initrds.map((artifact) => artifactUrl(artifact, origin)),
    cmdline: plan.args.join(' '),
  };
}
