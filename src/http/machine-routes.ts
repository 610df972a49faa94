import { pathOf } from '../model/plan.ts';
import type { BootService, DocumentAnswer, NocloudFile, Question, ScriptAnswer } from '../boot/boot-service.ts';
import { Failure } from '../model/failure.ts';
import type { MachineFacts } from '../model/machine.ts';
import type { BootProgram, Origin } from '../model/plan.ts';
import type { DocumentKind } from '../model/profile.ts';
import {
  decodeStrict,
  FACT_KEYS,
  firstFound,
  macFromText,
  parseQuery,
  type Query,
  show,
  strictValue,
  whoFromQuery,
  whoFromSegment,
  withHeaders,
} from './query.ts';
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
import { reportRoutes, type Reports } from './reports.ts';
import {
  agentOf,
  type Ask,
  askerOf,
  fileNameFrom,
  legacyOriginOf,
  nameFrom,
  nameInPath,
  originOf,
  type Route,
} from './request-head.ts';

export interface MachineRoutesOptions {
  readonly bootService: BootService;
  readonly baseUrl: Origin | undefined;
  readonly health: () => Health;
  /** The bytes of a boot program; undefined when this host does not have it. */
  readonly firmware: (program: BootProgram) => Promise<Buffer | undefined>;
  readonly reports: Reports;
}

/** Paths that are a route, and (with the slash at the end) paths that begin one. */
export interface MachineRoutes {
  readonly exact: ReadonlyMap<string, Route>;
  readonly prefixes: ReadonlyMap<string, Route>;
  /** What machines report: POST and nothing else, by prefix. */
  readonly posts: ReadonlyMap<string, Route>;
  /** `/images/SHELF/current/version.txt`, which no file is. */
  readonly current: Route;
}

const NOCLOUD_FILES: readonly NocloudFile[] = ['user-data', 'meta-data', 'vendor-data', 'network-config'];
const INSTALLER_FILES: ReadonlyMap<string, 'ignition' | 'cloud_config'> = new Map([
  ['ignition', 'ignition'],
  ['cloud-config', 'cloud_config'],
] as const);

/** Everything that firmware, installers and booting nodes ask, except images: those are streamed. */
export function machineRoutes({
  bootService,
  baseUrl,
  health,
  firmware,
  reports,
}: MachineRoutesOptions): MachineRoutes {
  function questionOf(ask: Ask, query: Query = parseQuery(ask.query)): Question {
    return { ...whoFromQuery(query), origin: originOf(ask.head, ask.end, baseUrl) };
  }

  function start(ask: Ask): Reply {
    return scriptReply(bootService.start(originOf(ask.head, ask.end, baseUrl)));
  }

  /**
   * A machine would show an error's number and ask again for ever: iPXE is told on its screen what cannot be read.
   * Everybody else gets the status.
   */
  async function script(ask: Ask, query?: Query): Promise<Reply> {
    let question: Question;
    try {
      question = questionOf(ask, query);
    } catch (error) {
      if (!(error instanceof Failure) || agentOf(ask.head.userAgent) !== 'ipxe') throw error;
      return scriptReply(bootService.explain(error, originOf(ask.head, ask.end, baseUrl)));
    }
    const answer = await bootService.script({ ...question, ...askerIn(ask) });
    return scriptReply(answer.script, aboutScript(answer, question.facts));
  }

  async function root(ask: Ask): Promise<Reply> {
    const query = parseQuery(ask.query);
    if (query.has('profile')) {
      const name = nameFrom('profile', strictValue(query, 'profile'));
      const answer = await bootService.scriptOf(name, legacyOriginOf(ask.head, ask.end, baseUrl));
      return scriptReply(answer.script, aboutScript(answer, {}));
    }
    if (FACT_KEYS.some((key) => query.has(key))) return await script(ask, query);
    if (agentOf(ask.head.userAgent) === 'ipxe') return start(ask);
    return lineReply(302, 'see /dashboard', ['Location', `${pathOf(baseUrl)}/dashboard`]);
  }

  async function documentFor(ask: Ask, find: (question: Question) => Promise<DocumentAnswer>): Promise<Reply> {
    const question = questionOf(ask);
    const { facts, answer } = await firstFound(withHeaders(question, ask.rawHeaders), find);
    return documentReply(answer, ask.ifNoneMatch, aboutDocument(answer, facts));
  }

  async function config(ask: Ask): Promise<Reply> {
    const name = nameInPath('document', ask.rest);
    return await documentFor(ask, async (question) => await bootService.document(name, question));
  }

  async function grub(ask: Ask): Promise<Reply> {
    const question = questionOf(ask);
    const answer = await bootService.grub({ ...question, ...askerIn(ask) });
    return textReply(answer.script, aboutScript(answer, question.facts));
  }

  async function nocloud(ask: Ask): Promise<Reply> {
    const [first = '', second = '', ...more] = ask.rest.split('/');
    const file = NOCLOUD_FILES.find((name) => name === second);
    if (file === undefined || more.length > 0) {
      throw new Failure('not-found', `no NoCloud file "${show(ask.rest)}"`, {
        remedy: `ask for /nocloud/MAC/ and one of ${NOCLOUD_FILES.join(', ')}`,
      });
    }
    const who = whoFromSegment(first);
    const answer = await bootService.nocloud(file, { ...who, origin: originOf(ask.head, ask.end, baseUrl) });
    return documentReply(answer, ask.ifNoneMatch, aboutDocument(answer, who.facts));
  }

  /** What the live system of a machine that is to be installed boots with. */
  async function installer(ask: Ask): Promise<Reply> {
    const [first = '', second = '', ...more] = ask.rest.split('/');
    const kind = INSTALLER_FILES.get(second);
    if (kind === undefined || more.length > 0) {
      throw new Failure('not-found', `no installer's file "${show(ask.rest)}"`, {
        remedy: `ask for /install/MAC/ and one of ${[...INSTALLER_FILES.keys()].join(', ')}`,
      });
    }
    const who = whoFromSegment(first);
    const answer = await bootService.installer(kind, { ...who, origin: originOf(ask.head, ask.end, baseUrl) });
    return documentReply(answer, ask.ifNoneMatch, aboutDocument(answer, who.facts));
  }

  /** UEFI HTTP Boot: the program, and the `autoexec.ipxe` that iPXE looks for beside itself. */
  async function bootFile(ask: Ask): Promise<Reply> {
    const name = fileNameFrom(decodeStrict(ask.rest) ?? ask.rest);
    const origin = originOf(ask.head, ask.end, baseUrl);
    const file = await bootService.file({ name, origin, loops: false, ...askerIn(ask) });
    if (file?.kind === 'text') return file.text.startsWith('#!ipxe') ? scriptReply(file.text) : textReply(file.text);
    const body = file?.kind === 'program' ? await firmware(file.program) : undefined;
    if (body !== undefined) return documentReply({ body, contentType: 'application/efi' }, ask.ifNoneMatch);
    throw new Failure('not-found', `there is no boot program "${name}"`, {
      remedy: 'apt install ipxe, or set PILOTLIGHT_FIRMWARE_DIR',
    });
  }

  function current(ask: Ask): Reply {
    const folder = ask.rest.slice(0, -'/current/version.txt'.length);
    const text = bootService.currentVersion(folder);
    if (text !== undefined) return textReply(text);
    throw new Failure('not-found', `no profile boots from images/${show(folder)}`, {
      remedy: 'name the version: -V VERSION',
    });
  }

  async function profile(ask: Ask): Promise<Reply> {
    const file = ask.rest;
    if (!file.endsWith('.json')) {
      throw new Failure('invalid', `"${show(file)}" is not a profile's file`, {
        remedy: 'ask for /profiles/NAME.json',
      });
    }
    const body = await bootService.profileFile(nameInPath('profile', file.slice(0, -'.json'.length)));
    return documentReply({ body, contentType: JSON_TYPE }, ask.ifNoneMatch);
  }

  async function keys(ask: Ask): Promise<Reply> {
    return textReply(await bootService.keys(nameFrom('name', strictValue(parseQuery(ask.query), 'name'))));
  }

  async function pixiecore(ask: Ask): Promise<Reply> {
    const mac = macFromText(decodeStrict(ask.rest) ?? ask.rest);
    const { asker } = askerIn(ask);
    const answer = await bootService.pixiecore(mac, originOf(ask.head, ask.end, baseUrl), asker);
    return jsonReply(answer, { mac, facts: { mac } });
  }

  function documentOf(kind: DocumentKind): Route {
    const find = async (question: Question): Promise<DocumentAnswer> => await bootService.documentOf(kind, question);
    return { kind: 'document', answer: async (ask) => await documentFor(ask, find) };
  }

  const metadata = async (question: Question): Promise<DocumentAnswer> => await bootService.metadata(question);
  const boot: Route = { kind: 'start', repeatable: true, answer: start };
  return {
    exact: new Map<string, Route>([
      ['/', { kind: 'root', repeatable: true, answer: root }],
      ['/boot.ipxe', boot],
      ['/boot.ipxe.0', boot], // dnsmasq's pxe-service appends the boot layer to the file name
      ['/ipxe', { kind: 'script', repeatable: true, answer: async (ask) => await script(ask) }],
      ['/ignition', documentOf('ignition')],
      ['/cloud', documentOf('cloud_config')],
      ['/generic', documentOf('generic')],
      ['/metadata', { kind: 'document', answer: async (ask) => await documentFor(ask, metadata) }],
      ['/grub', { kind: 'grub', answer: grub }],
      ['/keys', { kind: 'keys', answer: keys }],
      ['/healthz', { kind: 'health', answer: () => healthReply(health()) }],
    ]),
    prefixes: new Map<string, Route>([
      ['/configs/', { kind: 'document', answer: config }],
      ['/profiles/', { kind: 'profile', answer: profile }],
      ['/firmware/', { kind: 'firmware', answer: bootFile }],
      ['/nocloud/', { kind: 'nocloud', answer: nocloud }],
      ['/install/', { kind: 'document', answer: installer }],
      ['/v1/boot/', { kind: 'pixiecore', answer: pixiecore }],
    ]),
    posts: reportRoutes(reports),
    current: { kind: 'image', answer: current },
  };
}

/** With HEAD nothing leaves that a machine could run: there is no one to give an installer to. */
function askerIn({ end, method }: Ask): Pick<Question, 'asker'> {
  const asker = method === 'HEAD' ? undefined : askerOf(end);
  return asker === undefined ? {} : { asker };
}

function aboutScript({ decision, fetches }: ScriptAnswer, facts: MachineFacts): ReplyAbout {
  return { decision, mac: facts.mac, facts, fetches };
}

function aboutDocument({ decision, source, body }: DocumentAnswer, facts: MachineFacts): ReplyAbout {
  return { decision, mac: facts.mac, facts, source, delivered: body };
}

/** How the server is, as `app` knows it: sent as it is. */
interface Health {
  /** `degraded`: it serves, but something in the operator's files is wrong. */
  readonly status: 'ok' | 'degraded';
}

/** `/healthz`: 200 as long as it can be answered at all, because restarting the server mends no file. */
export function healthReply(health: Health): Reply {
  return jsonReply(health);
}
