/**
 * The rooms: what each is for, and what it may import (and itself). docs/architecture.md draws the same table, and a test
 * holds the two together.
 */
const ROOMS = {
  model: ['the words: Mac, MachineFacts, Profile, Plan, Decision, Release, Failure', []],
  files: ['guarded reading below a root, atomic replace and publish, the lock between processes', ['model']],
  text: ['JSON and YAML as text: read with places, edit and keep the rest; diagnostics of a text', ['model']],
  net: ['UDP sockets, own addresses, rates', ['model', 'files']],
  native: ['libc through koffi, where it is there; descriptors are known here alone', ['model']],
  settings: ['environment and flags to Settings, every problem reported at once', ['model']],
  telemetry: ['log and metrics', ['model']],
  os: ['one file for each operating system: boot arguments, artifacts, release feed; pure', ['model']],
  documents: [
    'what a cloud-config, Ignition, preseed, autoinstall, kickstart may say, and what is added to it',
    ['model', 'text'],
  ],
  templates: ['Handlebars, strict', ['model']],
  ipxe: ['boot scripts (iPXE, GRUB, pxelinux) and the notices on a screen, as text', ['model']],
  catalog: ['profiles, documents and keys as files: read, check, watch, edit', ['model', 'files', 'text']],
  images: ['the published files, their cache, and the boot programs', ['model', 'files']],
  machines: ['identity, installation state, host keys', ['model', 'files', 'catalog']],
  rollouts: ['which machines get a release first, and when it stops', ['model', 'files', 'catalog']],
  fleet: [
    'what several servers remember together, on etcd',
    ['model', 'files', 'net', 'settings', 'catalog', 'machines', 'rollouts'],
  ],
  journal: ['what happened: SQLite on its own thread', ['model']],
  boot: [
    'facts in, decision and answer out',
    ['model', 'text', 'catalog', 'machines', 'images', 'os', 'documents', 'templates', 'ipxe'],
  ],
  power: ['turning machines on and off: Wake-on-LAN, Redfish, IPMI, commands, web requests', ['model', 'files', 'net']],
  syslog: ['what machines log: codec beside its server', ['model', 'net']],
  dhcp: ['codec beside its servers: the proxy, and addresses', ['model', 'files', 'net', 'native', 'catalog', 'boot']],
  tftp: ['codec beside its server', ['model', 'net', 'boot', 'images', 'native']],
  http: ['the HTTP core and the machine routes', ['model', 'net', 'native', 'boot', 'images']],
  etcd: [
    'discovery protocol, tokens, cluster views, its routes',
    ['model', 'net', 'settings', 'catalog', 'boot', 'http'],
  ],
  context: [
    'the data directory, opened: what the server and every command share',
    ['model', 'files', 'settings', 'catalog', 'rollouts', 'fleet', 'images', 'machines', 'documents', 'boot', 'etcd'],
  ],
  releases: [
    'look up, fetch, verify, publish, retain, roll back, schedule',
    ['model', 'files', 'settings', 'os', 'images', 'catalog', 'rollouts', 'fleet', 'boot', 'context'],
  ],
  exports: [
    'configuration for neighbours',
    ['model', 'files', 'net', 'settings', 'catalog', 'machines', 'boot', 'dhcp', 'context'],
  ],
  imports: [
    'what the folder of another server becomes here',
    ['model', 'files', 'text', 'os', 'catalog', 'templates', 'context'],
  ],
  doctor: [
    'what is wrong with this host and network',
    [
      'model',
      'files',
      'text',
      'net',
      'native',
      'settings',
      'os',
      'catalog',
      'images',
      'machines',
      'documents',
      'boot',
      'dhcp',
      'context',
      'fleet',
      'releases',
    ],
  ],
  admin: [
    'operators: one service behind pages, API and commands',
    [
      ...[
        'model',
        'files',
        'net',
        'settings',
        'telemetry',
        'os',
        'catalog',
        'images',
        'machines',
        'journal',
        'boot',
        'http',
      ],
      ...['dhcp', 'etcd', 'context', 'rollouts', 'fleet', 'releases', 'power'],
    ],
  ],
  server: [
    'wires the rooms by hand, starts in order, stops in reverse',
    [
      ...['model', 'files', 'net', 'settings', 'telemetry', 'catalog', 'images', 'machines', 'journal', 'boot', 'dhcp'],
      ...['tftp', 'syslog', 'http', 'etcd', 'context', 'rollouts', 'fleet', 'releases', 'admin', 'power', 'native'],
    ],
  ],
  cli: [
    'commands, a few lines each',
    ['model', 'settings', 'fleet', 'context', 'etcd', 'releases', 'exports', 'imports', 'doctor', 'admin', 'server'],
  ],
};

/** Each library has one home. */
const homes = {
  commander: '^src/cli/',
  express: '^src/admin/',
  diff: '^src/admin/service/line-diff\\.ts$',
  handlebars: '^src/(templates|admin/web)/',
  ajv: '[^/]*schema\\.ts$',
  '@sinclair/typebox':
    '^src/(model/(schema|views|file-views|machine-views|operator-views|release-views|sync-event)|admin/api/[^/]+)\\.ts$',
  'node-cron': '^src/releases/schedule\\.ts$',
  '@photostructure/sqlite': '^src/journal/sqlite\\.ts$',
  pino: '^src/telemetry/',
  'prom-client': '^src/telemetry/',
  koffi: '^src/native/libc\\.ts$',
  'oui-data': '^src/admin/service/vendors\\.ts$',
  '@codemirror|@lezer': '^src/admin/web/client/',
};
const builtins = {
  dgram: '^src/(net|dhcp|tftp|syslog)/',
  // settings and exports only tell addresses from other text.
  'http|https|net': '^src/(http|admin|releases|files|net|native|etcd|fleet|server|tftp|settings|exports|power|syslog)/',
  'fs|fs/promises':
    '^src/((launch|mapped-stacks)\\.ts$|(files|net|native|catalog|context|images|journal|settings|releases|admin/web)/)',
  worker_threads: '^src/(journal|native|tftp)/',
};

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'warn',
      from: {
        orphan: true,
        pathNot: ['\\.config\\.ts$', '^src/(main|launch|mapped-stacks)\\.ts$', '^src/admin/web/assets/'],
      },
      to: {},
    },
    {
      name: 'no-dev-deps-in-src',
      severity: 'error',
      // What runs in a browser is bundled by the build.
      from: { path: '^src', pathNot: '^src/admin/web/client/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'src-never-imports-test', severity: 'error', from: { path: '^src' }, to: { path: '^test' } },
    {
      name: 'cli-loads-rooms-lazily',
      severity: 'error',
      comment: '`pilotlight --help` and `--version` open no data directory: import() inside `run`',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/(context|etcd|releases|exports|doctor|admin|server)/',
        pathNot: '^src/exports/export-options\\.ts$',
        dependencyTypesNot: ['dynamic-import', 'type-only'],
      },
    },
    {
      name: 'views-are-types-elsewhere',
      severity: 'error',
      comment:
        'TypeBox is a tenth of a second of loading, for the admin API alone: import the types of the views only, or import() where a run begins',
      from: { path: '^src/', pathNot: '^src/(model|admin/api)/' },
      to: {
        path: '^src/model/(schema|views|file-views|machine-views|operator-views|release-views|sync-event)\\.ts$',
        dependencyTypesNot: ['dynamic-import', 'type-only'],
      },
    },
    ...Object.entries(ROOMS).map(([room, [, friends]]) => ({
      name: `room-${room}`,
      severity: 'error',
      comment: `${room} (${ROOMS[room][0]}) may import ${friends.join(', ') || 'nothing but itself'}`,
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: `^src/(${[room, ...friends].join('|')})/` },
    })),
    ...Object.entries(homes).map(([pkg, home]) => ({
      name: `home-of-${pkg.replaceAll('|', '-')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: home },
      to: { dependencyTypes: ['npm'], path: `node_modules/(${pkg})/` },
    })),
    ...Object.entries(builtins).map(([mod, home]) => ({
      name: `home-of-node-${mod.replaceAll(/[|/]/g, '-')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: home },
      to: { dependencyTypes: ['core'], path: `^(node:)?(${mod})$` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
