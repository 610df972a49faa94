import type { BootPrograms } from '../boot/boot-programs.ts';
import type { BootService, DocumentAnswer, ScriptAnswer } from '../boot/boot-service.ts';
import { programRemedy } from '../images/boot-program-table.ts';
import { Failure } from '../model/failure.ts';
import { FACT_KEYS, type MachineFacts, machineKey, parseArch } from '../model/machine.ts';
import { looksLikeToken, type Origin, pathOf, type Question } from '../model/plan.ts';
import type { DocumentKind } from '../model/profile.ts';
import type { RouteKind } from './access-log.ts';
import {
  agentOf,
  type Ask,
  decodeStrict,
  legacyOriginOf,
  macFromText,
  originOf,
  parseQuery,
  type Query,
  show,
  strictValue,
  type Who,
  whoFromQuery,
} from './request.ts';
import {
  documentReply,
  JSON_TYPE,
  jsonReply,
  lineReply,
  type Reply,
  type ReplyAbout,
  scriptReply,
  textReply,
} from './reply.ts';
import { installed, phoneHome, type Reports } from './reports.ts';
import { bootFileName, nameFrom, nameInPath, provisioningFacts, whoFromSegment } from './names.ts';

/**
 * Everything that firmware, installers and booting nodes ask. GET answers HEAD, too. A path that ends in a slash stands
 * for all that is below it, `*` for any folders; of two that fit the first counts.
 */
export const MACHINE_ROUTES: readonly MachineRoute[] = [
  ['GET', '/', 'root', root, 'repeatable'],
  ['GET', '/boot.ipxe', 'start', start, 'repeatable'],
  ['GET', '/boot.ipxe.0', 'start', start, 'repeatable'], // dnsmasq's pxe-service appends the boot layer
  ['GET', '/autoexec.ipxe', 'start', start, 'repeatable'], // what iPXE 2 asks for where its folder has none
  ['GET', '/ipxe', 'script', script, 'repeatable'],
  ['GET', '/grub', 'grub', grub, 'after-head'],
  ['GET', '/grub/', 'grub', grubFile, 'after-head'],
  ['GET', '/v1/boot/', 'pixiecore', pixiecore],
  ['GET', '/firmware/', 'firmware', firmware],
  ['GET', '/images/*/current/version.txt', 'image', currentVersion],
  ['GET', '/assets/*/current/version.txt', 'image', currentVersion],
  ['GET', '/images/', 'image', 'stream'],
  ['GET', '/assets/', 'image', 'stream'], // matchbox's word for the same folder
  ['GET', '/configs/', 'document', config],
  ['GET', '/ignition', 'document', documentOf('ignition')],
  ['GET', '/cloud', 'document', documentOf('cloud_config')],
  ['GET', '/generic', 'document', documentOf('generic')],
  ['GET', '/metadata', 'document', metadata],
  ['GET', '/nocloud/', 'nocloud', nocloud],
  ['GET', '/install/', 'document', installer],
  ['GET', '/profiles/', 'profile', profile],
  ['GET', '/keys', 'keys', keys],
  ['GET', '/schema/profile.json', 'schema', profileSchema],
  ['GET', '/healthz', 'health', healthz],
  ['POST', '/phone-home/', 'report', phoneHome],
  ['POST', '/installed/', 'report', installed],
];

/**
 * `stream`: a file below images/, by ranges. `repeatable`: a boot script; the same question may get the same bytes again
 * for a moment. `after-head`: GRUB asks by HEAD, and reads as many bytes by its GET as that said. The HEAD is the machine's
 * own question, then, and its GET gets the same answer.
 */
export type MachineRoute = readonly [
  method: 'GET' | 'POST',
  path: string,
  kind: RouteKind,
  answer: Handler | 'stream',
  again?: 'after-head' | 'repeatable',
];

/** Throws Failure for what cannot be answered. */
export type Handler = (ask: Ask, server: MachineServer) => Promise<Reply> | Reply;

interface HealthAnswer {
  readonly status: 'ok' | 'degraded';
}

/** What the routes answer from. */
export interface MachineServer {
  readonly bootService: BootService;
  readonly bootPrograms: Pick<BootPrograms, 'open'>;
  readonly baseUrl: Origin | undefined;
  /** JSON Schema of a profile, for editors. */
  readonly profileSchema: Buffer;
  /** How the server is: sent as it is. `degraded`: it serves, but something in the operator's files is wrong. */
  readonly health: () => HealthAnswer | Promise<HealthAnswer>;
  readonly reports: Reports;
}

async function root(ask: Ask, server: MachineServer): Promise<Reply> {
  const query = parseQuery(ask.query);
  if (query.has('profile')) {
    const name = nameFrom('profile', strictValue(query, 'profile'));
    const answer = await server.bootService.scriptOf(
      name,
      legacyOriginOf(ask.head, ask.end, server.baseUrl),
      parseArch(query.get('arch') ?? ''),
    );
    return scriptReply(answer.script, aboutScript(answer, {}));
  }
  if (FACT_KEYS.some((key) => query.has(key))) return await script(ask, server, query);
  if (agentOf(ask.head.userAgent) === 'ipxe') return start(ask, server);
  return lineReply(302, 'see /dashboard', ['Location', `${pathOf(server.baseUrl)}/dashboard`]);
}

function start(ask: Ask, server: MachineServer): Reply {
  return scriptReply(server.bootService.start(originFor(ask, server)));
}

/**
 * A machine would show an error's number and ask again for ever: iPXE is told on its screen what cannot be read. Every
 * other client gets the status.
 */
async function script(ask: Ask, server: MachineServer, query?: Query): Promise<Reply> {
  let question: Question;
  try {
    question = questionOf(ask, server, query);
  } catch (error) {
    if (!(error instanceof Failure) || agentOf(ask.head.userAgent) !== 'ipxe') throw error;
    return scriptReply(server.bootService.explain(error, originFor(ask, server)));
  }
  const answer = await server.bootService.script({ ...question, asker: ask.asker });
  return scriptReply(answer.script, aboutScript(answer, question.facts));
}

async function grub(ask: Ask, server: MachineServer): Promise<Reply> {
  const question = questionOf(ask, server);
  const answer = await server.bootService.grub({ ...question, asker: ask.from });
  return textReply(answer.script, aboutScript(answer, question.facts));
}

async function pixiecore(ask: Ask, server: MachineServer): Promise<Reply> {
  const mac = macFromText(decodeStrict(ask.rest) ?? ask.rest);
  return jsonReply(await server.bootService.pixiecore(mac, originFor(ask, server), ask.asker), { mac, facts: { mac } });
}

/** UEFI HTTP Boot: the program, and the `autoexec.ipxe` that iPXE looks for beside itself. */
async function firmware(ask: Ask, server: MachineServer): Promise<Reply> {
  const name = bootFileName(ask.rest);
  const origin = originFor(ask, server);
  const found = await server.bootPrograms.open({ name, origin, ipxe: false, images: true, asker: ask.asker });
  if (found?.kind === 'text') return textReply(found.text);
  if (found?.kind !== 'program' || found.file === undefined) {
    const remedy = programRemedy(found?.kind === 'program' ? found.program : undefined);
    throw new Failure('not-found', `there is no boot program "${name}"`, { remedy });
  }
  try {
    return documentReply({ body: await found.file.whole(), contentType: 'application/efi' }, ask.ifNoneMatch);
  } finally {
    await found.file.close();
  }
}

/** What a GRUB that was loaded from here asks for: where it starts, its machine's own configuration, and what it can do without. */
async function grubFile(ask: Ask, server: MachineServer): Promise<Reply> {
  const name = `grub/${bootFileName(ask.rest)}`;
  const origin = originFor(ask, server);
  const found = await server.bootPrograms.open({ name, origin, ipxe: false, images: true, asker: ask.from });
  if (found?.kind === 'text') {
    return textReply(
      found.text,
      found.answer && aboutScript(found.answer, found.answer.decision.question?.facts ?? {}),
    );
  }
  throw new Failure('not-found', `there is no ${name} for GRUB`);
}

/** What `coreos-install -b` and `flatcar-install -b` read first. */
function currentVersion({ rest: folder }: Ask, { bootService }: MachineServer): Reply {
  const text = bootService.currentVersion(folder);
  if (text !== undefined) return textReply(text);
  throw new Failure('not-found', `no profile boots from images/${show(folder)}`, {
    remedy: 'name the version: -V VERSION',
  });
}

async function config(ask: Ask, server: MachineServer): Promise<Reply> {
  const name = nameInPath('document', ask.rest);
  return await documentFor(ask, server, async (question) => await server.bootService.document(name, question));
}

function documentOf(kind: DocumentKind): Handler {
  return async (ask, server) =>
    await documentFor(ask, server, async (question) => await server.bootService.documentOf(kind, question));
}

async function metadata(ask: Ask, server: MachineServer): Promise<Reply> {
  return await documentFor(ask, server, async (question) => await server.bootService.metadata(question));
}

async function nocloud(ask: Ask, server: MachineServer): Promise<Reply> {
  const files = ['user-data', 'meta-data', 'vendor-data', 'network-config'] as const;
  const { who, file } = machineFile(ask, 'NoCloud file', '/nocloud/', files);
  const answer = await server.bootService.nocloud(file, fromHere(who, ask, server));
  return documentReply(answer, ask.ifNoneMatch, aboutDocument(answer, who.facts));
}

/** What the live system of a machine that is to be installed boots with. */
async function installer(ask: Ask, server: MachineServer): Promise<Reply> {
  const { who, file } = machineFile(ask, "installer's file", '/install/', ['ignition', 'cloud-config'] as const);
  const kind = file === 'ignition' ? 'ignition' : 'cloud_config';
  const answer = await server.bootService.installer(kind, fromHere(who, ask, server));
  return documentReply(answer, ask.ifNoneMatch, aboutDocument(answer, who.facts));
}

async function profile(ask: Ask, { bootService }: MachineServer): Promise<Reply> {
  if (!ask.rest.endsWith('.json')) {
    throw new Failure('invalid', `"${show(ask.rest)}" is not a profile's file`, {
      remedy: 'ask for /profiles/NAME.json',
    });
  }
  const body = await bootService.profileFile(nameInPath('profile', ask.rest.slice(0, -'.json'.length)));
  return documentReply({ body, contentType: JSON_TYPE }, ask.ifNoneMatch);
}

async function keys(ask: Ask, { bootService }: MachineServer): Promise<Reply> {
  return textReply(await bootService.keys(nameFrom('name', strictValue(parseQuery(ask.query), 'name'))));
}

function profileSchema({ ifNoneMatch }: Ask, { profileSchema: body }: MachineServer): Reply {
  return documentReply({ body, contentType: JSON_TYPE }, ifNoneMatch);
}

/** 200 as long as it can be answered at all, because restarting the server mends no file. */
async function healthz(_ask: Ask, { health }: MachineServer): Promise<Reply> {
  return jsonReply(await health());
}

function originFor({ head, end }: Ask, { baseUrl }: MachineServer): Origin {
  return originOf(head, end, baseUrl);
}

function questionOf(ask: Ask, server: MachineServer, query = parseQuery(ask.query)): Question {
  return { ...whoFromQuery(query), origin: originFor(ask, server) };
}

/** With the address that asks, also of a HEAD: a document may be one machine's alone. */
function fromHere(who: Who, ask: Ask, server: MachineServer): Question {
  return { ...who, origin: originFor(ask, server), asker: ask.from };
}

/** A file of one machine: `MAC/NAME`, or `MAC/TOKEN/NAME`. */
function machineFile<File extends string>(
  { rest }: Ask,
  what: string,
  below: string,
  files: readonly File[],
): { readonly who: Who; readonly file: File } {
  const [machine = '', ...names] = rest.split('/');
  const token = names.length === 2 && looksLikeToken(names[0] ?? '') ? names.shift() : undefined;
  const [name = '', ...more] = names;
  const file = files.find((known) => known === name);
  if (file !== undefined && more.length === 0) {
    const who = whoFromSegment(machine);
    return { who: token === undefined ? who : { ...who, token }, file };
  }
  throw new Failure('not-found', `no ${what} "${show(rest)}"`, {
    remedy: `ask for ${below}MAC/ and one of ${files.join(', ')}`,
  });
}

/**
 * The query says who asks, else the headers, which may give several names: then the answer to the name that a profile
 * lists counts, else the first that there is. Throws as the first question does.
 */
async function documentFor(
  ask: Ask,
  server: MachineServer,
  find: (question: Question) => Promise<DocumentAnswer>,
): Promise<Reply> {
  const question = fromHere(questionOf(ask, server), ask, server);
  const named = machineKey(question.facts) === undefined ? provisioningFacts(ask.rawHeaders) : [];
  let first: { readonly answer: DocumentAnswer; readonly facts: MachineFacts } | undefined;
  let refused: unknown;
  for (const said of named.length === 0 ? [{}] : named) {
    const facts = { ...question.facts, ...said };
    try {
      const answer = await find({ ...question, facts });
      if (first === undefined || answer.decision.node !== undefined) first = { answer, facts };
      if (answer.decision.node !== undefined) break;
    } catch (error) {
      refused ??= error;
    }
  }
  if (first === undefined) throw refused;
  return documentReply(first.answer, ask.ifNoneMatch, aboutDocument(first.answer, first.facts));
}

function aboutScript({ decision, only }: ScriptAnswer, facts: MachineFacts): ReplyAbout {
  return { decision, mac: facts.mac, facts, only };
}

function aboutDocument({ decision, source, body, shown }: DocumentAnswer, facts: MachineFacts): ReplyAbout {
  return { decision, mac: facts.mac, facts, source, delivered: shown?.() ?? body };
}
