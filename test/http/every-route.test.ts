import { afterEach, expect, test } from 'vitest';
import type { BootService, DocumentAnswer } from '../../src/boot/boot-service.ts';
import { DECISION, SCRIPT } from '../support/fake-boot-service.ts';
import { openContext, type AppContext } from '../support/http-server.ts';
import { get, request } from '../support/http-raw.ts';

const document = async (): Promise<DocumentAnswer> => ({
  body: Buffer.from('x'),
  contentType: 'text/plain',
  source: 'configs/a.yml',
  decision: DECISION,
});
const script = async (): Promise<{ script: string; decision: typeof DECISION }> => ({
  script: SCRIPT,
  decision: DECISION,
});

let appContext: AppContext;
afterEach(async () => {
  await appContext.close();
});

const ROUTES = [
  '/?profile=a',
  '/?mac=525400551cee',
  '/ipxe?mac=525400551cee',
  '/boot.ipxe',
  '/boot.ipxe.0',
  '/autoexec.ipxe',
  '/configs/a.yml',
  '/ignition',
  '/cloud',
  '/generic',
  '/metadata',
  '/grub',
  '/nocloud/525400551cee/user-data',
  '/profiles/a.json',
  '/keys?name=a',
  '/schema/profile.json',
  '/v1/boot/525400551cee',
  '/healthz',
  '/',
  '/images/none',
  '/dashboard',
  '/nowhere',
];

const EVERYTHING: Partial<BootService> = {
  start: () => SCRIPT,
  script,
  scriptOf: script,
  document,
  documentOf: document,
  nocloud: document,
  metadata: document,
  grub: script,
  pixiecore: async () => ({ kernel: 'k', initrd: [], cmdline: '' }),
  profileFile: async () => Buffer.from('{}'),
  keys: async () => '[]',
};

test('HEAD is GET without a body, everywhere', async () => {
  appContext = await openContext(EVERYTHING);
  for (const route of ROUTES) {
    const full = await get(appContext.port, route);
    const head = await request(appContext.port, 'HEAD', route);
    expect([head.status, { ...head.headers, date: '' }], route).toEqual([full.status, { ...full.headers, date: '' }]);
    expect(head.body, route).toBe('');
    expect(full.body.length, route).toBeGreaterThan(0);
  }
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
  '%s is 405 with Allow',
  async (method) => {
    appContext = await openContext();
    // A POST to a page may be a form: none is logged in here, so that is a 401.
    const others = method === 'POST' ? ['/nowhere', '/dashboard'] : ['/nowhere'];
    for (const route of ROUTES.filter((path) => !others.includes(path))) {
      const answer = await request(appContext.port, method, route, ['Content-Length: 0']);
      expect([answer.status, answer.headers['allow'], answer.headers['content-type']], route).toEqual([
        405,
        'GET, HEAD',
        'text/plain; charset=utf-8',
      ]);
    }
    expect((await request(appContext.port, method, '/nowhere', ['Content-Length: 0'])).status).toBe(404);
  },
);
