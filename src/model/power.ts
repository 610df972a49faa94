import type { SecretRef } from './secret.ts';

export interface WakePower {
  /** The node's own when absent. */
  readonly mac?: string;
  /** The packet leaves by this network interface; by the one that reaches the node's address when absent. */
  readonly interface?: string;
  /** The packet goes to this address; to the interface's broadcast address when absent. */
  readonly broadcast?: string;
  /** Six bytes, or four, that some cards ask for. */
  readonly secureon?: SecretRef;
}

export interface RedfishPower {
  readonly url: string;
  readonly user: string;
  readonly password: SecretRef;
  /** SHA-256 of the only certificate that is taken. */
  readonly fingerprint?: string;
  /** The id or path of the system, where the service has several. */
  readonly system?: string;
}

export interface IpmiPower {
  readonly host: string;
  readonly port?: number;
  readonly user: string;
  readonly password: SecretRef;
  /** Cipher suite; the two sides agree on one when absent. */
  readonly cipher?: number;
}

/** A program and its arguments. */
export type PowerProgram = readonly string[];

/** A request to a smart plug, a switch, a home automation. */
export interface PowerRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly headers?: Readonly<Record<string, string | SecretRef>>;
  readonly body?: string;
  /** For `status`: the machine is on when the answer holds this text. */
  readonly on_when?: string;
}

/** How a machine is switched on and off. */
export type Power =
  | { readonly wol: WakePower }
  | { readonly redfish: RedfishPower }
  | { readonly ipmi: IpmiPower }
  | { readonly command: Partial<Record<PowerAction, PowerProgram>> }
  | { readonly http: Partial<Record<PowerAction, PowerRequest>> & { readonly fingerprint?: string } };

export const POWER_ACTIONS = ['on', 'off', 'cycle', 'status'] as const;
export type PowerAction = (typeof POWER_ACTIONS)[number];

/** What became of it. */
export interface PowerOutcome {
  /** What the machine's power is now, as far as it can be known. */
  readonly state?: 'on' | 'off';
  /** One line for people: `switched on by IPMI`. */
  readonly text: string;
}

/** What an action leaves, in the words of people. */
export function powerDone(action: Exclude<PowerAction, 'status'>, by: string): PowerOutcome {
  const [state, text] = {
    on: ['on', 'switched on'],
    off: ['off', 'switched off'],
    cycle: ['on', 'switched off and on'],
  }[action] as ['off' | 'on', string];
  return { state, text: `${text} by ${by}` };
}

export function powerIs(state: 'on' | 'off'): PowerOutcome {
  return { state, text: `power is ${state}` };
}

/** One way to a machine's power switch. Throws Failure. Everything ends when the signal aborts. */
export interface PowerDriver {
  /** For people: `IPMI`. */
  readonly by: string;
  /** What it can do by itself. */
  readonly does: readonly PowerAction[];
  /** Names the controller: two of one name are never asked at once. */
  readonly controller: string;
  act(action: PowerAction, signal: AbortSignal): Promise<PowerOutcome>;
  /** Lets the next boot, and only that one, come from the network. Absent: the machine's own boot order decides. */
  bootFromNetwork?(signal: AbortSignal): Promise<void>;
}
