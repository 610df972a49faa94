import { Type as t } from '@sinclair/typebox';
import { nameFrom } from '../../http/names.ts';
import { Failure } from '../../model/failure.ts';
import { parseKey } from '../../model/machine.ts';
import { POWER_ACTIONS } from '../../model/power.ts';
import { MAX_PROFILE_BYTES } from '../../model/profile.ts';
import { Preview } from '../../model/file-views.ts';
import { list, moment, oneOf, ref, text, whole } from '../../model/schema.ts';
import * as machines from '../../model/machine-views.ts';
import * as releases from '../../model/release-views.ts';
import * as views from '../../model/views.ts';
import { machineKeyFrom } from '../service/known-nodes.ts';
import type { FileName } from '../service/files.ts';
import { ACCOUNT_ROUTES } from './account-routes.ts';
import { FILE_ROUTES, REVISION, written } from './file-routes.ts';
import { ROLLOUT_ROUTES } from './rollout-routes.ts';
import { type ApiAsk, type ApiRoute, plainRoute, route } from './route.ts';

const POWER = { action: oneOf(POWER_ACTIONS) };
const MACHINE = { machine: text('name or key', { minLength: 1, maxLength: 140 }) };
const name = (about: string) => text(about, { maxLength: 128 });
const profileText = text('the whole file', { maxLength: MAX_PROFILE_BYTES });

/** Everything below /api/v1 but the document that describes it. */
export const API_ROUTES: readonly ApiRoute[] = [
  route('GET /machines', 'listMachines', 'every machine that was seen or that a profile names, a page at a time', {
    does: 'machines',
    query: views.MachineFilter.properties,
    answer: ref('MachinePage', views.MachinePage),
    about: 'a page of machines',
    give: ({ service, query }) => service.machines({ limit: views.DEFAULT_LIMIT, ...query }),
  }),
  route(
    'GET /machines/{key}',
    'getMachine',
    'one machine: its last boots step by step, what it was sent and what it would be sent now',
    {
      does: 'machine',
      answer: ref('MachineView', views.MachineView),
      about: 'the machine',
      give: (ask) => ask.service.machine(keyOf(ask), ask.origin()),
    },
  ),
  route(
    'GET /machines/{key}/log',
    'getMachineLog',
    'what the machine and its installer logged (syslog), the newest lines or those after one',
    {
      does: 'machineLog',
      query: machines.LogFilter.properties,
      answer: ref('LogPage', machines.LogPage),
      about: 'lines of its log',
      give: (ask) => ask.service.machineLog(keyOf(ask), { limit: machines.DEFAULT_LOG_LIMIT, ...ask.query }),
    },
  ),
  route(
    'POST /machines/{key}/adopt',
    'adoptMachine',
    'write the machine into the nodes of a profile, also out of those of another one',
    {
      does: 'adopt',
      body: {
        profile: name('the name of the profile'),
        name: t.Optional(name("the node's name; made of what the machine says of itself when absent")),
        ip: t.Optional(text("the node's address, for templates; as it is when absent", { maxLength: 64 })),
      },
      answer: views.WrittenNode,
      about: 'what was written',
      give: (ask) =>
        ask.service.adopt({ ...ask.body, key: keyOf(ask), profile: nameFrom('profile', ask.body.profile) }),
    },
  ),
  route('POST /machines/{key}/release', 'releaseMachine', "take the machine out of its profile's nodes", {
    does: 'release',
    answer: views.WrittenNode,
    about: 'what was taken out',
    give: (ask) => ask.service.release(keyOf(ask)),
  }),
  route(
    'POST /machines/{key}/reinstall',
    'reinstallMachine',
    'let the installer run once more when the machine boots next',
    {
      does: 'reinstall',
      answer: machines.NamedMachine,
      about: 'the machine that will be installed',
      give: (ask) => ask.service.reinstall(keyOf(ask)),
    },
  ),
  route('POST /reinstall', 'reinstall', "the same, by the node's name or the machine's key", {
    does: 'reinstall',
    body: MACHINE,
    answer: machines.NamedMachine,
    about: 'the machine that will be installed',
    give: ({ service, body }) => service.reinstall(namedIn(body)),
  }),
  route('POST /reinstall/cancel', 'cancelReinstall', 'take that back: the disk of the machine stays as it is', {
    does: 'cancelReinstall',
    body: MACHINE,
    answer: machines.NamedMachine,
    about: 'the machine',
    give: ({ service, body }) => service.cancelReinstall(namedIn(body)),
  }),
  route('POST /boot-once', 'bootOnce', 'let a machine boot another profile once, at its next boot', {
    does: 'bootOnce',
    body: {
      ...MACHINE,
      profile: name('the name of the profile'),
      erase: t.Optional(t.Boolean({ description: 'of a profile that installs: everything on that disk may go' })),
    },
    answer: machines.NamedMachine,
    about: 'the machine',
    give: ({ service, body }) => service.bootOnce(namedIn(body), nameFrom('profile', body.profile), body.erase),
  }),
  route('POST /boot-once/cancel', 'cancelBootOnce', 'take that back: its next boot is its own again', {
    does: 'cancelBootOnce',
    body: MACHINE,
    answer: machines.NamedMachine,
    about: 'the machine',
    give: ({ service, body }) => service.cancelBootOnce(namedIn(body)),
  }),
  route(
    'POST /claims/release',
    'releaseClaim',
    'let go of an installer that left for a machine and has not reported, and of its tries',
    {
      does: 'releaseClaim',
      body: MACHINE,
      answer: machines.NamedMachine,
      about: 'the machine',
      give: ({ service, body }) => service.releaseClaim(namedIn(body)),
    },
  ),
  route(
    'POST /machines/{key}/power',
    'powerMachine',
    'switch the machine on or off, or ask whether it is on, as `power` of its node says',
    {
      does: 'power',
      body: POWER,
      answer: machines.PoweredMachine,
      about: 'what was done',
      give: (ask) => ask.service.power(keyOf(ask), ask.body.action),
    },
  ),
  route('POST /power', 'power', "the same, by the node's name or the machine's key", {
    does: 'power',
    body: { ...MACHINE, ...POWER },
    answer: machines.PoweredMachine,
    about: 'what was done',
    give: ({ service, body }) => service.power(namedIn(body), body.action),
  }),
  route(
    'POST /reinstall/now',
    'reinstallNow',
    'let the installer run once more, at once: the next boot from the network, then the power off and on',
    {
      does: 'reinstallNow',
      body: MACHINE,
      answer: machines.ReinstallingMachine,
      about: 'the machine that is installed now',
      give: ({ service, body }) => service.reinstallNow(namedIn(body)),
    },
  ),
  route(
    'POST /state/accept',
    'acceptState',
    'after state/ was lost: what it says now is all there is, and machines may be installed again',
    {
      does: 'acceptState',
      answer: t.Object({ accepted: t.Boolean({ description: 'false: it was not lost' }) }),
      about: 'whether anything changed',
      give: ({ service }) => service.acceptState(),
    },
  ),
  plainRoute(
    'GET /sent/{digest}',
    'getSent',
    'a text that a machine was sent: a boot script, a configuration',
    'sent',
    {
      kind: 'text',
      about: 'the text, byte for byte',
      give: async ({ service, param }) => {
        const digest = param('digest').toLowerCase();
        if (/^[0-9a-f]{64}$/.test(digest)) return await service.sent(digest);
        throw new Failure('invalid', 'this is not a digest', { remedy: "take one from a machine's timeline" });
      },
    },
  ),
  route('GET /profiles', 'listProfiles', 'every profile, with its problems', {
    does: 'profiles',
    answer: t.Object({ profiles: list(ref('ProfileRow', views.ProfileRow)) }),
    about: 'the profiles',
    give: async ({ service }) => ({ profiles: await service.profiles() }),
  }),
  route(
    'GET /profiles/{name}',
    'getProfile',
    'one profile: its file, the machines that it names, what may stand in it',
    {
      does: 'profile',
      answer: ref('ProfileView', views.ProfileView),
      about: 'the profile',
      give: (ask) => ask.service.profile(nameOf(ask)),
    },
  ),
  route(
    'POST /profiles/{name}/preview',
    'previewProfile',
    'what a new text of the file would change, and what is wrong with it; nothing is written',
    {
      does: 'previewFile',
      body: { text: profileText },
      answer: ref('Preview', Preview),
      about: 'the change',
      give: (ask) => ask.service.previewFile(profileOf(ask), ask.body.text),
    },
  ),
  route('PUT /profiles/{name}', 'saveProfile', 'write the file; a text with errors is not written (400)', {
    does: 'saveFile',
    body: {
      text: profileText,
      revision: REVISION,
    },
    answer: ref('Preview', Preview),
    about: 'what was written',
    give: async (ask) => written(await ask.service.saveFile(profileOf(ask), ask.body.text, ask.body.revision)),
  }),
  route(
    'POST /profiles/{name}/rollback',
    'rollbackProfile',
    'go back to an older release that is still here, and stay there',
    {
      does: 'rollback',
      body: { version: t.Optional(name('the one before, when absent')) },
      answer: releases.RolledBack,
      about: 'the versions',
      give: (ask) => ask.service.rollback(nameOf(ask), ask.body.version),
    },
  ),
  pinRoute('pin', 'let the profile keep its version: the release sync leaves it alone until it is unpinned'),
  pinRoute('unpin', 'let the profile follow its channel again'),
  route('GET /releases', 'listReleases', 'what the release sync follows, holds and keeps, and its last runs', {
    does: 'releases',
    answer: ref('ReleasesView', releases.ReleasesView),
    about: 'the releases',
    give: ({ service }) => service.releases(),
  }),
  route('POST /sync', 'sync', 'begin a run of the release sync unless one is running', {
    does: 'syncNow',
    body: {
      allowDowngrade: t.Optional(t.Boolean({ description: 'also take a release that is older than the one in force' })),
    },
    answer: releases.SyncStarted,
    about: 'whether it began',
    give: ({ service, body }) => service.syncNow(body),
  }),
  route(
    'GET /sync/steps',
    'followSync',
    'the steps of the newest run; waits up to ten seconds for the next one, so that a program can follow it',
    {
      does: 'syncSteps',
      query: {
        run: t.Optional(whole('the number of the run', { minimum: 0 })),
        after: t.Optional(whole('`last` of the answer before; 0, or absent: all steps so far', { minimum: 0 })),
      },
      answer: ref('SyncSteps', releases.SyncSteps),
      about: 'the steps',
      give: ({ service, query: { run = 0, after = 0 } }) => service.syncSteps(run, after),
    },
  ),
  route(
    'POST /releases/prune',
    'pruneReleases',
    'take away the releases that no profile names, no machine booted lately, and that are not among the newest',
    {
      does: 'prune',
      body: {
        keep: t.Optional(
          whole('how many of each channel; the setting of the server when absent', { minimum: 1, maximum: 1000 }),
        ),
      },
      answer: t.Object({ removed: list(releases.RemovedRelease) }),
      about: 'what was removed',
      give: ({ service, body }) => service.prune(body.keep),
    },
  ),
  route('GET /health', 'getHealth', 'what is wrong, with remedies', {
    does: 'health',
    answer: ref('HealthView', views.HealthView),
    about: 'the health',
    give: ({ service }) => service.health(),
  }),
  route(
    'POST /login-links',
    'createLoginLink',
    'a link that logs one browser in, once, within a quarter of an hour; only for who shows the token itself',
    {
      does: 'makeLoginLink',
      answer: t.Object({ url: text(), expiresAt: moment('when it runs out') }),
      about: 'the link',
      give: ({ access, newLink }) => {
        // Else a session that was left open for a minute, or a token that ends, could be turned into another session unseen.
        if (access.by === 'admin token') return newLink();
        throw new Failure('refused', `${access.by === 'session' ? 'a session' : 'an API token'} makes no login links`, {
          remedy: 'show the admin token as a Bearer',
        });
      },
    },
  ),
  plainRoute('GET /events', 'watch', 'says what has changed, for as long as the connection lasts', 'onChange', {
    kind: 'events',
    about:
      'server-sent events named `machines`, `profiles` or `releases` (look again, the event holds nothing), and a ' +
      'comment every 15 seconds; at most 64 streams at a time',
  }),
  ...ROLLOUT_ROUTES,
  ...FILE_ROUTES,
  ...ACCOUNT_ROUTES,
];

function pinRoute(change: 'pin' | 'unpin', summary: string): ApiRoute {
  return route(`POST /profiles/{name}/${change}`, `${change}Profile`, summary, {
    does: 'pin',
    answer: t.Object({ message: text('what holds now, for people') }),
    about: 'what was done',
    give: (ask) => ask.service.pin(nameOf(ask), change),
  });
}

function keyOf(ask: Pick<ApiAsk, 'param'>): string {
  return machineKeyFrom(ask.param('key'));
}

/** A key in its usual spelling, or what may be a node's name. */
function namedIn({ machine }: { readonly machine: string }): string {
  return parseKey(machine) ?? machine;
}

function profileOf(ask: Pick<ApiAsk, 'param'>): FileName {
  return { folder: 'profiles', name: nameOf(ask) };
}

function nameOf(ask: Pick<ApiAsk, 'param'>): string {
  return nameFrom('profile', ask.param('name'));
}
