import type { Desk } from '../boot/boot-service.ts';
import type { MachineFacts } from '../model/facts.ts';
import { parseMac } from '../model/mac.ts';
import type { Origin } from '../model/origin.ts';
import { parseUuid } from '../model/uuid.ts';
import type { BootProgram } from '../model/boot-program.ts';
import { programFor } from '../images/programs.ts';
import type { DhcpSettings } from '../settings/settings.ts';
import type { NetbootMachine } from '../dhcp/machine.ts';
import type { BootChoice } from '../dhcp/proxy-reply.ts';

export interface NetbootPolicyOptions {
  readonly desk: Pick<Desk, 'netboot'>;
  readonly settings: Pick<DhcpSettings, 'localBoot'>;
  /** Whether this host has the program now. */
  readonly has: (program: BootProgram) => boolean;
  readonly originAt: (server: string) => Origin;
}

/** What the DHCP proxy tells a machine to load: iPXE for its kind, or, when it runs iPXE already, our start script. */
export function createNetbootPolicy({ desk, settings, has, originAt }: NetbootPolicyOptions) {
  return (machine: NetbootMachine, server: string): BootChoice => {
    if (settings.localBoot === 'silent' && desk.netboot(factsOf(machine)) === 'local') {
      return { silence: 'it boots its own disk' };
    }
    if (machine.ipxe) return { file: `${originAt(server)}/boot.ipxe` };
    const program = programFor(machine.target);
    if (program === undefined || !has(program)) {
      return { silence: `no boot program for ${program?.title ?? machine.target.arch}` };
    }
    return { file: machine.target.http ? `${originAt(server)}/firmware/${program.name}` : program.name };
  };
}

function factsOf(machine: NetbootMachine): MachineFacts {
  const mac = parseMac(machine.mac);
  const uuid = machine.uuid === undefined ? undefined : parseUuid(machine.uuid);
  return { ...(mac === undefined ? {} : { mac }), ...(uuid === undefined ? {} : { uuid }) };
}
