/** The rooms and who may open which door. `from` may import only `to` (and itself). */
const may = {
  domain: [],
  wire: [],
  files: ['domain'],
  settings: ['domain'],
  systems: ['domain'],
  render: ['domain'],
  documents: ['domain'],
  observe: ['domain'],
  catalog: ['domain', 'files'],
  images: ['domain', 'files'],
  firmware: ['domain', 'files'],
  exports: ['domain'],
  journal: ['domain'],
  boot: ['domain', 'catalog', 'systems', 'render', 'documents', 'images', 'firmware', 'journal'],
  releases: ['domain', 'files', 'images'],
  sync: ['domain', 'files', 'systems', 'releases', 'catalog', 'journal'],
  doors: ['domain', 'wire', 'boot', 'images', 'journal', 'sync'],
  app: [
    'domain',
    'wire',
    'files',
    'settings',
    'systems',
    'render',
    'documents',
    'observe',
    'catalog',
    'images',
    'firmware',
    'exports',
    'journal',
    'boot',
    'releases',
    'sync',
    'doors',
  ],
  cli: ['app', 'settings', 'domain'],
};

/** Each library has one home. */
const homes = {
  express: '^src/doors/http/',
  handlebars: '^src/render/',
  ajv: '[^/]*schema\\.ts$',
  'node-cron': '^src/sync/schedule\\.ts$',
  'better-sqlite3': '^src/journal/',
  pino: '^src/observe/',
};
const builtins = {
  dgram: '^src/doors/',
  'http|https|net': '^src/(doors|releases)/',
  'fs|fs/promises': '^src/(files|catalog|images|journal|settings|releases)/',
};

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'warn',
      from: { orphan: true, pathNot: ['\\.config\\.ts$', '^src/main\\.ts$'] },
      to: {},
    },
    {
      name: 'no-dev-deps-in-src',
      severity: 'error',
      from: { path: '^src' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'src-never-imports-test', severity: 'error', from: { path: '^src' }, to: { path: '^test' } },
    {
      name: 'cli-loads-app-lazily',
      severity: 'error',
      comment: '`pilotlight --help` and `--version` load no house: import() inside `run`',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/app/',
        pathNot: '^src/app/export-kinds\\.ts$',
        dependencyTypesNot: ['dynamic-import', 'type-only'],
      },
    },
    ...Object.entries(may).map(([room, friends]) => ({
      name: `room-${room}`,
      severity: 'error',
      comment: `${room} may import: ${friends.join(', ') || 'nothing but itself'}`,
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
