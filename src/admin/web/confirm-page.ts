import { type MachineKey, omitUndefined } from '../../model/machine.ts';
import { Failure, problemLine, unlessFailed } from '../../model/failure.ts';
import type { MachineView } from '../../model/views.ts';
import { demand, type OperationName } from '../service/operations.ts';
import type { AdminOperations } from '../service/service.ts';
import { type Done, machineHref } from './format.ts';
import { fieldText, machineKeyOf, queryText } from './form-fields.ts';
import { machineTitle } from './machines-page.ts';
import type { Page, PageDeps, PageShow } from './page.ts';

/** What an operator does to a machine only after a page of its own has asked: it works without scripts. */
interface Action {
  /** Who may do it, is asked. */
  readonly operation: OperationName;
  /** Gives the machine that was meant. */
  readonly act: (service: AdminOperations, key: MachineKey, chosen?: Chosen) => Promise<MachineKey>;
  readonly done: Done;
  /** `disk`: what the profile's `install` names; undefined when that is not known. */
  readonly words: (name: string, view: MachineView, disk: string | undefined, chosen?: Chosen) => Words;
  /** Whether the profile's problems are shown before: the action needs what it names. */
  readonly needsProfile?: true;
}

/** The profile that was chosen on the machine's page, and the disk that it erases, as the question named it. */
type Chosen = NonNullable<MachineView['once']>[number];

interface Words {
  readonly title: string;
  readonly question: string;
  readonly points: readonly string[];
  readonly button: string;
}

export type ActionName =
  | 'boot-once'
  | 'cancel-boot-once'
  | 'cancel-reinstall'
  | 'power-cycle'
  | 'power-off'
  | 'reinstall'
  | 'reinstall-now'
  | 'release'
  | 'release-claim';

const ACTIONS: Readonly<Record<ActionName, Action>> = {
  reinstall: {
    operation: 'reinstall',
    act: async (service, key) => (await service.reinstall(key)).key,
    done: 'reinstall',
    needsProfile: true,
    words: (name, _view, disk) => ({
      title: `Reinstall ${name}`,
      question: `Run the installer on ${name} once more?`,
      points: [
        disk === undefined
          ? 'The disk that its profile or its installer names is erased, with everything on it.'
          : `The disk ${disk} is erased, with everything on it.`,
        'It happens at its next boot from the network; this page does not restart the machine.',
        'Afterwards it boots from its own disk again.',
      ],
      button: disk === undefined ? 'Erase and reinstall' : `Erase ${disk} and reinstall`,
    }),
  },
  'cancel-reinstall': {
    operation: 'cancelReinstall',
    act: async (service, key) => (await service.cancelReinstall(key)).key,
    done: 'kept',
    words: (name) => ({
      title: `Keep the disk of ${name}`,
      question: `Cancel the reinstallation of ${name}?`,
      points: ['It boots from its own disk, which stays as it is.'],
      button: 'Do not erase it',
    }),
  },
  'reinstall-now': {
    operation: 'reinstallNow',
    act: async (service, key) => (await service.reinstallNow(key)).key,
    done: 'reinstall-now',
    words: (name, { row: { power } }, disk) => ({
      title: `Reinstall ${name} now`,
      question: `Restart ${name}, and run the installer on it once more?`,
      points: [
        disk === undefined
          ? 'The disk that its profile or its installer names is erased, with everything on it.'
          : `The disk ${disk} is erased, with everything on it.`,
        `It is restarted at once, by ${power?.by ?? 'its power switch'}: nothing on it is asked first.`,
        'It must boot from the network next; IPMI and Redfish see to that, else its own boot order decides.',
      ],
      button: disk === undefined ? 'Erase and reinstall now' : `Erase ${disk} and reinstall now`,
    }),
  },
  'power-cycle': {
    operation: 'power',
    act: async (service, key) => (await service.power(key, 'cycle')).key,
    done: 'power-cycle',
    words: (name, { row: { power } }) => ({
      title: `Restart ${name}`,
      question: `Switch ${name} off and on?`,
      points: [`It happens at once, by ${power?.by ?? 'its power switch'}: what runs on it is cut off.`],
      button: 'Switch off and on',
    }),
  },
  'power-off': {
    operation: 'power',
    act: async (service, key) => (await service.power(key, 'off')).key,
    done: 'power-off',
    words: (name, { row: { power } }) => ({
      title: `Switch ${name} off`,
      question: `Switch ${name} off?`,
      points: [`It happens at once, by ${power?.by ?? 'its power switch'}: what runs on it is cut off.`],
      button: 'Switch off',
    }),
  },
  'boot-once': {
    operation: 'bootOnce',
    act: async (service, key, { name, erases } = { name: '' }) =>
      (await service.bootOnce(key, name, erases !== undefined)).key,
    done: 'boot-once',
    needsProfile: true,
    words: (name, _view, _disk, { name: profile, erases } = { name: '' }) => ({
      title: `${name} boots ${profile} once`,
      question: `Let ${name} boot ${profile} at its next boot?`,
      points: [
        ...(erases === undefined ? [] : [`The disk ${erases} is erased, with everything on it. There is one try.`]),
        'It happens at its next boot from the network; this page does not restart the machine.',
        'The boot after that is its own profile again. Until it is used, it can be taken back.',
      ],
      button: erases === undefined ? `Boot ${profile} once` : `Erase ${erases} and install ${profile}`,
    }),
  },
  'cancel-boot-once': {
    operation: 'cancelBootOnce',
    act: async (service, key) => (await service.cancelBootOnce(key)).key,
    done: 'own-boot',
    words: (name) => ({
      title: `${name} boots its own profile`,
      question: `Let ${name} boot its own profile next?`,
      points: ['The boot of another profile that was asked for does not take place.'],
      button: 'Boot its own profile',
    }),
  },
  release: {
    operation: 'release',
    async act(service, key) {
      await service.release(key);
      return key;
    },
    done: 'released',
    words: (name, { row }) => ({
      title: `Release ${name}`,
      question: `Take ${name} out of ${row.profile === undefined ? 'its profile' : `profile ${row.profile}`}?`,
      points: [
        'It is removed from the nodes of the profile; what you wrote there about it (address, vars) goes with it.',
        'At its next boot it is an unknown machine: it waits, or boots the default profile if there is one.',
        'What is on its disk stays as it is.',
      ],
      button: 'Release',
    }),
  },
  'release-claim': {
    operation: 'releaseClaim',
    act: async (service, key) => (await service.releaseClaim(key)).key,
    done: 'let-go',
    words: (name, { row }) => ({
      title: `Release the claim of ${name}`,
      question: `Release the installer that was handed out to ${name}?`,
      points: [
        row.installation?.text ?? 'No installer was handed out to it.',
        'The next address or network card of the machine that asks is installed. Do this only while nothing is being installed there.',
      ],
      button: 'Release the claim',
    }),
  },
};

export function mountConfirmPages(show: PageShow, { adminService, origin }: PageDeps): void {
  for (const [name, { operation, act, done, needsProfile }] of Object.entries(ACTIONS) as [ActionName, Action][]) {
    show.route('Machines', `/dashboard/machines/:key/${name}`, {
      async get(req, res) {
        demand(operation);
        const view = await adminService.machine(machineKeyOf(req), origin(req));
        const chosen = name === 'boot-once' ? chosenOf(view, queryText(req, 'profile')) : undefined;
        const { profile } = chosen === undefined ? view.row : { profile: chosen.name };
        const found = profile === undefined ? undefined : await unlessFailed(adminService.profile(profile));
        const disk = found === undefined ? undefined : installDisk(found.text);
        const missing = needsProfile === true ? (found?.problems ?? []).map(problemLine) : [];
        await show.page(req, res, confirmPage(name, view, disk, missing, chosen));
      },
      async post(req, res) {
        const chosen = omitUndefined({ name: fieldText(req, 'profile') ?? '', erases: fieldText(req, 'erases') });
        show.done(req, res, machineHref(await act(adminService, machineKeyOf(req), chosen)), done);
      },
    });
  }
}

/** Throws Failure `conflict` for a profile that the machine cannot boot once. */
function chosenOf({ once = [], row }: MachineView, profile = ''): Chosen {
  const chosen = once.find(({ name }) => name === profile);
  if (chosen !== undefined) return chosen;
  throw new Failure('conflict', `${machineTitle(row)} cannot boot "${profile}" once`, {
    remedy: 'choose one of the profiles on its page',
  });
}

export function confirmPage(
  name: ActionName,
  view: MachineView,
  disk?: string,
  missing: readonly string[] = [],
  chosen?: Chosen,
): Page {
  const machine = machineTitle(view.row);
  const words = ACTIONS[name].words(machine, view, disk, chosen);
  const back = machineHref(view.row.key);
  return {
    view: 'confirm',
    title: words.title,
    section: 'Machines',
    live: [],
    data: { ...words, missing, chosen, action: `${back}/${name}`, back, machine, identity: view.row.key },
  };
}

/** The disk in the text of a profile: undefined when it names none or cannot be read. */
export function installDisk(text: string): string | undefined {
  try {
    const profile = JSON.parse(text) as { readonly install?: { readonly disk?: unknown } | null } | null;
    const disk = profile?.install?.disk;
    return typeof disk === 'string' ? disk : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
