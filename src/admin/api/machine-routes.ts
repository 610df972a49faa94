import { show } from '../../http/query.ts';
import { nameFrom } from '../../http/request-head.ts';
import { Failure } from '../../model/failure.ts';
import { MACHINE_STATES, type MachineKey, type MachineState, parseKey } from '../../model/machine.ts';
import { type ApiAsk, type ApiRoute, closedObject, flag, object, oneOf, ref, text, whole } from './route.ts';

const DEFAULT_LIMIT = 100;
const WRITTEN = object({ file: text('what was written'), name: text("the node's name") });

export const MACHINE_ROUTES: readonly ApiRoute[] = [
  {
    method: 'get',
    path: '/machines',
    id: 'listMachines',
    summary: 'every machine that was seen or that a profile names, a page at a time',
    query: {
      text: text('part of a MAC, name, serial, product or address', { maxLength: 128 }),
      state: oneOf(MACHINE_STATES),
      profile: text('the profile that it boots', { maxLength: 128 }),
      after: text('`next` of the page before', { maxLength: 512 }),
      limit: whole(`how many; ${DEFAULT_LIMIT} when absent`, { minimum: 1, maximum: 500 }),
    },
    answer: {
      kind: 'json',
      schema: ref('MachinePage'),
      about: 'a page of machines',
      give: async ({ adminService, query }) =>
        await adminService.machines({
          ...(query as MachineFilter),
          limit: (query['limit'] as number | undefined) ?? DEFAULT_LIMIT,
        }),
    },
  },
  {
    method: 'get',
    path: '/machines/{key}',
    id: 'getMachine',
    summary: 'one machine: its last boots step by step, what it was sent and what it would be sent now',
    answer: {
      kind: 'json',
      schema: ref('MachineView'),
      about: 'the machine',
      give: async (ask) => await ask.adminService.machine(keyOf(ask), ask.origin()),
    },
  },
  {
    method: 'post',
    path: '/machines/{key}/adopt',
    id: 'adoptMachine',
    summary: 'write the machine into the nodes of a profile, also out of those of another one',
    body: {
      required: true,
      schema: closedObject(
        { profile: text('the name of the profile', { maxLength: 128 }) },
        { name: text("the node's name; made of what the machine says of itself when absent", { maxLength: 128 }) },
      ),
    },
    answer: {
      kind: 'json',
      schema: WRITTEN,
      about: 'what was written',
      give: async (ask) => {
        const { profile, name } = ask.body as { readonly profile: string; readonly name?: string };
        const adoption = { key: keyOf(ask), profile: nameFrom('profile', profile) };
        return await ask.adminService.adopt(name === undefined ? adoption : { ...adoption, name });
      },
    },
  },
  {
    method: 'post',
    path: '/machines/{key}/release',
    id: 'releaseMachine',
    summary: "take the machine out of its profile's nodes",
    answer: {
      kind: 'json',
      schema: WRITTEN,
      about: 'what was taken out',
      give: async (ask) => await ask.adminService.release(keyOf(ask)),
    },
  },
  {
    method: 'post',
    path: '/machines/{key}/reinstall',
    id: 'reinstallMachine',
    summary: 'let the installer run once more when the machine boots next',
    answer: {
      kind: 'json',
      schema: object({ key: text() }, { name: text() }),
      about: 'the machine that will be installed',
      give: async (ask) => await ask.adminService.reinstall(keyOf(ask)),
    },
  },
  {
    method: 'post',
    path: '/reinstall',
    id: 'reinstall',
    summary: "the same, by the node's name or the machine's key",
    body: { required: true, schema: closedObject({ machine: text('name or key', { minLength: 1, maxLength: 140 }) }) },
    answer: {
      kind: 'json',
      schema: object({ key: text() }, { name: text() }),
      about: 'the machine that will be installed',
      give: async ({ adminService, body }) => {
        const machine = body['machine'] as string;
        return await adminService.reinstall(parseKey(machine) ?? machine);
      },
    },
  },
  named('/reinstall/cancel', 'cancelReinstall', 'take that back: the disk of the machine stays as it is'),
  named(
    '/claims/release',
    'releaseClaim',
    'let go of an installer that left for a machine and has not reported, and of its tries',
  ),
  {
    method: 'post',
    path: '/state/accept',
    id: 'acceptState',
    summary: 'after state/ was lost: what it says now is all there is, and machines may be installed again',
    answer: {
      kind: 'json',
      schema: object({ accepted: flag('false: it was not lost') }),
      about: 'whether anything changed',
      give: async ({ adminService }) => await adminService.acceptState(),
    },
  },
  {
    method: 'get',
    path: '/sent/{digest}',
    id: 'getSent',
    summary: 'a text that a machine was sent: a boot script, a configuration',
    answer: {
      kind: 'text',
      about: 'the text, byte for byte',
      give: async ({ adminService, param }) => {
        const digest = param('digest').toLowerCase();
        if (/^[0-9a-f]{64}$/.test(digest)) return await adminService.sent(digest);
        throw new Failure('invalid', 'this is not a digest', { remedy: "take one from a machine's timeline" });
      },
    },
  },
];

/** What an operator does to a machine that is given by the node's name or its key. */
function named(path: string, id: 'cancelReinstall' | 'releaseClaim', summary: string): ApiRoute {
  return {
    method: 'post',
    path,
    id,
    summary,
    body: { required: true, schema: closedObject({ machine: text('name or key', { minLength: 1, maxLength: 140 }) }) },
    answer: {
      kind: 'json',
      schema: object({ key: text() }, { name: text() }),
      about: 'the machine',
      give: async ({ adminService, body }) => {
        const machine = body['machine'] as string;
        return await adminService[id](parseKey(machine) ?? machine);
      },
    },
  };
}

type MachineFilter = Readonly<{ text?: string; state?: MachineState; profile?: string; after?: string }>;

function keyOf(ask: ApiAsk): string {
  return machineKeyFrom(ask.param('key'));
}

/** Throws Failure `invalid`. */
export function machineKeyFrom(text: string): MachineKey {
  const key = parseKey(text);
  if (key !== undefined) return key;
  throw new Failure('invalid', `"${show(text)}" names no machine`, {
    remedy: 'give its MAC (52:54:00:12:34:56), uuid:... or serial:...',
  });
}
