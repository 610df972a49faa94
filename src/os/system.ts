import type { MachineFacts } from '../model/facts.ts';
import type { Origin } from '../model/origin.ts';
import type { Plan } from '../model/plan.ts';
import type { DocumentKind, Node, Profile, SystemId } from '../model/profile.ts';

/** What an operating system's file needs to know to say how it is booted. */
export interface PlanInput {
  readonly profile: Profile;
  readonly origin: Origin;
  /** The machine as far as it is known; empty when a profile is asked for by name. */
  readonly facts: MachineFacts;
  readonly node?: Node;
  /** The URL at which this machine fetches each document that its profile names. */
  readonly documents: Readonly<Partial<Record<DocumentKind, string>>>;
  /** Where an installer of this machine reports and finds its own configuration; present where the profile installs. */
  readonly install?: InstallLinks;
  /** The text of the public key that the profile names. */
  readonly sshKey?: string;
}

/** What an installation of one machine needs. */
export interface InstallLinks {
  /** The live system's own Ignition, which runs the installer. */
  readonly ignition: string;
  /** The same as cloud-config, for systems without Ignition. */
  readonly cloudConfig: string;
  /** A POST there says that the disk is written. */
  readonly report: string;
}

/** One operating system: where its files lie, what its kernel wants to hear. Pure. */
export interface System {
  readonly id: SystemId;
  /** For people: `Flatcar Container Linux`. */
  readonly title: string;
  /** The profile's folder below images/: `amd64-usr/1298.6.0`, `flatcar/amd64/4593.2.5`. Undefined for `custom`. */
  shelf(profile: Profile): string | undefined;
  /** Throws Failure `broken` (place: the profile's file and key) when the profile lacks what this system needs. */
  plan(input: PlanInput): Plan;
}
