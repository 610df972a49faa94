import { explainViolation, schemaCheck, type Violation } from '../text/check-schema.ts';
import type { Diagnostics } from '../text/diagnostics.ts';
import { type Path, shown } from '../text/text.ts';
import { locate, type YamlNode } from '../text/yaml.ts';

/** The answers for Ubuntu's installer: it refuses all of them for one of a wrong type, and ignores keys at its top. */
export function checkAutoinstall(root: YamlNode, diagnostics: Diagnostics): void {
  const path: Path = ['autoinstall'];
  const { node, offset } = locate(root, path);
  if (node.kind === 'scalar' && node.value === null) {
    const remedy = 'indent the keys that belong to it, such as "version: 1"';
    diagnostics.error('"autoinstall" is empty: what stands below it is not part of it', { path, offset, remedy });
    return;
  }
  const value = plain(node);
  for (const violation of check(value)) explain(violation, root, diagnostics);
  if (!asksForUser(value)) return;
  diagnostics.warn('neither "identity" nor "user-data" makes a user: the installer stops for it', {
    path,
    offset,
    remedy: 'add "identity" with username, hostname and password, or users in "user-data"',
  });
}

function asksForUser(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { identity, 'user-data': users, 'interactive-sections': asked } = value as Readonly<Record<string, unknown>>;
  const interactive = Array.isArray(asked) && (asked.includes('*') || asked.includes('identity'));
  return identity === undefined && users === undefined && !interactive;
}

function explain(violation: Violation, root: YamlNode, diagnostics: Diagnostics): void {
  const { keyword, key, value, wanted } = violation;
  const said = explainViolation(violation);
  const path: Path = ['autoinstall', ...(said ?? violation).path];
  const { offset } = locate(root, path);
  if (keyword === 'enum') {
    const words = (wanted as readonly string[]).map((word) => `"${word}"`).join(' or ');
    diagnostics.error(`${shown(value)} is not known here`, { path, offset, remedy: `write ${words}` });
  } else if (keyword === 'minimum' || keyword === 'maximum') {
    diagnostics.error(`version ${shown(value)} is not known`, { path, offset, remedy: 'write "version: 1"' });
  } else if (said !== undefined) {
    const remedy = keyword === 'required' && key === 'version' ? 'add "version: 1"' : said.remedy;
    diagnostics.add(keyword === 'additionalProperties' ? 'warning' : 'error', said.message, { path, offset, remedy });
  }
}

function plain(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
}

const TEXT = { type: 'string' };
const YES_NO = { type: 'boolean' };
const MAP = { type: 'object' };
const TEXTS = { type: 'array', items: TEXT };
const COMMANDS = { type: 'array', items: { type: ['string', 'array'], items: TEXT } };

function map(properties: object, more: object = {}): object {
  return { type: 'object', properties, ...more };
}
/** Where subiquity refuses further keys; a newer one may know more of them. */
const CLOSED = { additionalProperties: false };

/**
 * What subiquity refuses of `autoinstall` version 1, from its reference manual (canonical-subiquity.readthedocs-hosted.com,
 * "Autoinstall configuration reference manual") and held beside its published autoinstall-schema.json. Looser on purpose
 * where releases differ or where the installer looks itself: networks, storage, time zones.
 */
const SCHEMA = map(
  {
    version: { type: 'integer', minimum: 1, maximum: 1 },
    'interactive-sections': TEXTS,
    'early-commands': COMMANDS,
    locale: TEXT,
    'refresh-installer': map({ update: YES_NO, channel: TEXT }, CLOSED),
    keyboard: map(
      { layout: TEXT, variant: TEXT, toggle: { type: ['string', 'null'] } },
      { ...CLOSED, required: ['layout'] },
    ),
    source: map({ id: TEXT, search_drivers: YES_NO }),
    network: MAP,
    proxy: { type: ['string', 'null'] },
    apt: map({ preserve_sources_list: YES_NO, primary: { type: 'array' }, geoip: YES_NO, sources: MAP }),
    storage: MAP,
    identity: map(
      { realname: TEXT, username: TEXT, hostname: TEXT, password: TEXT },
      { ...CLOSED, required: ['username', 'hostname', 'password'] },
    ),
    'active-directory': map({ 'admin-name': TEXT, 'domain-name': TEXT }),
    'ubuntu-pro': map({ token: TEXT }),
    ssh: map({ 'install-server': YES_NO, 'authorized-keys': TEXTS, 'allow-pw': YES_NO }),
    codecs: map({ install: YES_NO }),
    drivers: map({ install: YES_NO }),
    oem: map({ install: { type: ['string', 'boolean'] } }),
    snaps: {
      type: 'array',
      items: map({ name: TEXT, channel: TEXT, classic: YES_NO }, { ...CLOSED, required: ['name'] }),
    },
    'debconf-selections': TEXT,
    packages: TEXTS,
    kernel: map({ package: TEXT, flavor: TEXT }),
    'kernel-crash-dumps': map({ enabled: { type: ['boolean', 'null'] } }),
    timezone: TEXT,
    updates: { type: 'string', enum: ['security', 'all'] },
    shutdown: { type: 'string', enum: ['reboot', 'poweroff'] },
    'late-commands': COMMANDS,
    'error-commands': COMMANDS,
    reporting: MAP,
    'user-data': MAP,
    zdevs: { type: 'array' },
  },
  { ...CLOSED, required: ['version'] },
);

const check = schemaCheck(SCHEMA);
