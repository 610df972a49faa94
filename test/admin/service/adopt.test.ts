import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkName, nameFor } from '../../../src/admin/service/adopt.ts';
import { hostsOf } from '../../../src/exports/host.ts';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { parseVersion, type Version } from '../../../src/model/profile.ts';
import { good } from '../../catalog/data-folder.ts';
import { factsOf } from '../../support/app-context.ts';
import { flatcar, MAC, NOW, adminSetup, rowOf } from './setup.ts';
import { setVersion } from '../../../src/catalog/edit-profile.ts';

function profiles(...names: readonly string[]) {
  return [good({ version: '1', nodes: names.map((name, i) => ({ name, serial: `s${i}` })) }).profile];
}

describe('what a machine is called', () => {
  test.each([
    ['rack-7', 'rack-7'],
    ['r7.example.org', 'r7.example.org'],
    ['R7', 'R7'],
    ['-r', 'node-000001'],
    ['a b', 'node-000001'],
    ['10.0.0.1:80', 'node-000001'],
    ['localhost', 'node-000001'],
    ['localhost.localdomain', 'node-000001'],
    ['debian', 'node-000001'],
    [`${'a'.repeat(64)}.org`, 'node-000001'],
  ])('that calls itself %s: %s', (hostname, name) => {
    const found = nameFor(factsOf({ mac: MAC, hostname }), []);
    expect(found).toBe(name);
    expect(hostsOf(profiles(found))).toHaveLength(1);
  });

  test('a name that is taken, in whatever case, is not given twice', () => {
    const facts = factsOf({ mac: MAC, hostname: 'rack' });
    expect(nameFor(facts, profiles('RACK'))).toBe('node-000001');
    expect(nameFor(facts, profiles('rack', 'node-000001'))).toBe('node-001b21000001');
    expect(nameFor(facts, profiles('rack', 'node-000001', 'node-001b21000001'))).toBe('node-000001-2');
    expect(nameFor(facts, profiles('rack', 'node-000001', 'node-001b21000001', 'node-000001-2'))).toBe('node-000001-3');
  });

  test('without a MAC the end of what else there is', () => {
    expect(nameFor(factsOf({ serial: 'CZC 12/34-xY' }), [])).toBe('node-1234xy');
    expect(nameFor(factsOf({ serial: '_' }), [])).toBe('node-1');
  });
});

describe('a name that somebody gives', () => {
  test.each(['', '-a', 'a b', 'a..b', '../a', 'a/b', 'x'.repeat(64), `${'abc.'.repeat(64)}abc`])(
    '%j is none',
    (name) => {
      expect(() => {
        checkName(name, [], undefined);
      }).toThrow(expect.objectContaining({ code: 'invalid' }) as Error);
    },
  );

  test('must be free, or its own', () => {
    const [profile] = profiles('w1', 'w2');
    const own = profile?.nodes[0];
    expect(() => {
      checkName('W1', profiles('w1'), undefined);
    }).toThrow('has a node W1 already');
    expect(() => {
      checkName('W1', profile === undefined ? [] : [profile], own);
    }).not.toThrow();
  });
});

const NODE = { name: 'a', mac: MAC, ip: '10.0.0.1', vars: { role: 'x' } };

describe('a machine that nobody knows', () => {
  test('is written into the profile, known at once, and the journal is told', async () => {
    const setup = await adminSetup({ 'profiles/workers.json': flatcar([{ name: 'w1', serial: '7' }]) });
    setup.journal.histories.set(MAC, { row: rowOf({ hostname: 'Rack-7' }), boots: [] });
    expect(await setup.adminService.adopt({ key: MAC, profile: 'workers' })).toEqual({
      file: 'profiles/workers.json',
      name: 'Rack-7',
    });
    expect(setup.text('profiles/workers.json')).toBe(
      flatcar([
        { name: 'w1', serial: '7' },
        { name: 'Rack-7', mac: MAC },
      ]),
    );
    expect(setup.catalog.current().match(factsOf({ mac: MAC }))?.node?.name).toBe('Rack-7');
    expect(setup.journal.recorded).toEqual([
      expect.objectContaining({
        kind: 'operator',
        at: NOW,
        action: 'adopt',
        text: 'adopted into profiles/workers.json as Rack-7',
        facts: expect.objectContaining({ mac: MAC }) as object,
      }),
    ]);
  });

  test('without a MAC goes by its UUID, else its serial number', async () => {
    const setup = await adminSetup({ 'profiles/w.json': flatcar() });
    const uuid = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';
    await setup.adminService.adopt({ key: `uuid:${uuid}`, profile: 'w' });
    await setup.adminService.adopt({ key: 'serial:CZC 12', profile: 'w', name: 'box' });
    expect(JSON.parse(setup.text('profiles/w.json'))).toMatchObject({
      nodes: [
        { name: 'node-3ad437', uuid },
        { name: 'box', serial: 'CZC 12' },
      ],
    });
  });

  test('is adopted with a journal that is off, and twice is once', async () => {
    const setup = await adminSetup({ 'profiles/w.json': flatcar() });
    setup.journal.on = false;
    const done = await setup.adminService.adopt({ key: MAC, profile: 'w' });
    const text = setup.text('profiles/w.json');
    expect(await setup.adminService.adopt({ key: MAC, profile: 'w' })).toEqual(done);
    expect(setup.text('profiles/w.json')).toBe(text);
  });
});

describe('50 at once', { timeout: 120_000 }, () => {
  const macs = Array.from({ length: 50 }, (_, at) => `00:1b:21:00:01:${at.toString(16).padStart(2, '0')}` as const);

  test('are all written, each once, while a sync rewrites the version and a person saves by hand', async () => {
    const setup = await adminSetup({ 'profiles/w.json': flatcar() });
    const path = join(setup.dir, 'profiles/w.json');
    // Another process would have its own.
    const other = await openDataRoot(setup.dir);
    let isOver = false;
    let rounds = 0;
    const lost: string[] = [];
    const busy = async (): Promise<void> => {
      while (!isOver) {
        const next = parseVersion(`4000.0.${(rounds += 1)}`) as Version;
        await setVersion(other, 'profiles/w.json', next);
        // A person opens the file and saves it at once.
        const text = readFileSync(path, 'utf8');
        if (!text.includes(next)) lost.push(next);
        writeFileSync(path, `${text} `);
      }
    };
    const person = busy();
    const done = await Promise.all(
      macs.map((mac) =>
        setup.adminService.adopt({ key: mac, profile: 'w' }).then(
          () => 200,
          (error: unknown) => error,
        ),
      ),
    );
    isOver = true;
    await person;
    expect(new Set(done)).toEqual(new Set([200]));
    const profile = JSON.parse(setup.text('profiles/w.json')) as { nodes: { mac: string }[]; version: string };
    expect(profile.nodes.map(({ mac }) => mac).sort()).toEqual([...macs].sort());
    expect([rounds > 0, lost, profile.version]).toEqual([true, [], `4000.0.${rounds}`]);
    expect(/ *$/.exec(setup.text('profiles/w.json'))?.[0]).toHaveLength(rounds);
  });

  test('of one name: each gets its own', async () => {
    const setup = await adminSetup({ 'profiles/w.json': flatcar() });
    for (const mac of macs) setup.journal.histories.set(mac, { row: rowOf({ hostname: 'box' }), boots: [] });
    await Promise.all(macs.slice(0, 10).map((mac) => setup.adminService.adopt({ key: mac, profile: 'w' })));
    const { nodes } = JSON.parse(setup.text('profiles/w.json')) as { nodes: { name: string }[] };
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(10);
  });
});

describe('a machine that another profile names', () => {
  const files = { 'profiles/a.json': flatcar([NODE, { name: 'b', serial: '2' }]), 'profiles/z.json': flatcar() };

  test('goes over with all that its node says', async () => {
    const setup = await adminSetup(files);
    await setup.adminService.adopt({ key: MAC, profile: 'z', name: 'n' });
    expect(JSON.parse(setup.text('profiles/a.json'))).toMatchObject({ nodes: [{ name: 'b' }] });
    expect(JSON.parse(setup.text('profiles/z.json'))).toMatchObject({ nodes: [{ ...NODE, name: 'n' }] });
    expect(setup.catalog.current().problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(setup.journal.recorded).toMatchObject([
      { action: 'assign', text: 'moved into profiles/z.json from profiles/a.json as n' },
    ]);
  });

  test('is never without a profile on the way', async () => {
    const setup = await adminSetup({ ...files, 'profiles/d.json': flatcar([], { default: true }) });
    const seen = new Set<string | undefined>();
    setup.catalog.onChange((snapshot) => seen.add(snapshot.match(factsOf({ mac: MAC }))?.profile.name));
    await setup.adminService.adopt({ key: MAC, profile: 'z' });
    expect([...seen].sort()).toEqual(['a', 'z']);
  });

  test('stays where it is when it may not come there', async () => {
    const setup = await adminSetup({ ...files, 'profiles/z.json': flatcar([{ name: 'Taken', serial: '9' }]) });
    await expect(setup.adminService.adopt({ key: MAC, profile: 'z', name: 'taken' })).rejects.toMatchObject({
      code: 'conflict',
      message: 'profiles/z.json has a node taken already',
    });
    expect(setup.text('profiles/a.json')).toBe(files['profiles/a.json']);
  });

  test('is taken out there again when it cannot be taken out here', async () => {
    const setup = await adminSetup(files);
    const before = setup.text('profiles/z.json');
    const { catalog } = setup;
    // The first file is judged again when its turn comes: then somebody has broken it.
    const attempt: typeof catalog.attempt = (drafts) => {
      const made = catalog.attempt(drafts);
      if (drafts.has('profiles/z.json')) writeFileSync(join(setup.dir, 'profiles/a.json'), '{"nodes": [');
      return made;
    };
    const broken = await adminSetup({}, { ...setup.deps, catalog: { ...catalog, attempt } });
    await expect(broken.adminService.adopt({ key: MAC, profile: 'z' })).rejects.toMatchObject({ code: 'broken' });
    expect(setup.text('profiles/z.json')).toBe(before);
  });

  test('gets another name in the same file', async () => {
    const setup = await adminSetup(files);
    await setup.adminService.adopt({ key: MAC, profile: 'a', name: 'new' });
    expect(JSON.parse(setup.text('profiles/a.json'))).toMatchObject({
      nodes: [{ name: 'b' }, { ...NODE, name: 'new' }],
    });
  });

  test('also by another name than its key: the profile knows its UUID', async () => {
    const uuid = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';
    const setup = await adminSetup({
      ...files,
      'profiles/a.json': flatcar([{ name: 'u', uuid: uuid.toUpperCase() }]),
    });
    setup.journal.histories.set(MAC, { row: rowOf({ uuid }), boots: [] });
    await setup.adminService.adopt({ key: MAC, profile: 'z' });
    expect(JSON.parse(setup.text('profiles/z.json'))).toMatchObject({
      nodes: [{ name: 'u', uuid: uuid.toUpperCase() }],
    });
    expect(JSON.parse(setup.text('profiles/a.json'))).toMatchObject({ nodes: [] });
  });
});

describe('what is refused', () => {
  test.each([
    ['a profile that is not there', { profile: 'worker' }, 'not-found', 'did you mean "workers"?'],
    ['a profile that is broken', { profile: 'bad' }, 'broken', undefined],
    ['a name that is none', { profile: 'workers', name: 'no name' }, 'invalid', undefined],
    ['a name that another file has', { profile: 'workers', name: 'OTHER' }, 'conflict', 'choose another name'],
  ])('%s', async (_, adoption, code, remedy) => {
    const setup = await adminSetup({
      'profiles/workers.json': flatcar(),
      'profiles/o.json': flatcar([{ name: 'other', serial: '1' }]),
      'profiles/bad.json': '{',
    });
    const refused = setup.adminService.adopt({ key: MAC, ...adoption });
    await expect(refused).rejects.toMatchObject(remedy === undefined ? { code } : { code, remedy });
    expect(setup.text('profiles/workers.json')).toBe(flatcar());
    expect(setup.journal.recorded).toEqual([]);
  });

  test('a machine that a broken file names', async () => {
    const setup = await adminSetup({
      'profiles/w.json': flatcar(),
      'profiles/bad.json': `{"nodes": [{"mac": "${MAC}"}`,
    });
    await expect(setup.adminService.adopt({ key: MAC, profile: 'w' })).rejects.toMatchObject({
      code: 'broken',
      place: { file: 'profiles/bad.json' },
    });
  });

  test('a folder that may not be written', async (context) => {
    const setup = await adminSetup({ 'profiles/w.json': flatcar() });
    const folder = join(setup.dir, 'profiles');
    const other = join(setup.dir, 'ro');
    mkdirSync(other);
    try {
      execFileSync('mount', ['--bind', folder, folder], { stdio: 'ignore' });
    } catch {
      context.skip('needs a user who may mount');
      return;
    }
    try {
      execFileSync('mount', ['-o', 'remount,bind,ro', folder], { stdio: 'ignore' });
      await expect(setup.adminService.adopt({ key: MAC, profile: 'w' })).rejects.toMatchObject({
        code: 'unavailable',
        message: 'the file system is read-only',
        place: { file: 'profiles/w.json' },
      });
    } finally {
      execFileSync('umount', [folder]);
    }
    expect(setup.text('profiles/w.json')).toBe(flatcar());
  });
});

describe('a machine that is released', () => {
  test('goes out of the file', async () => {
    const setup = await adminSetup({ 'profiles/a.json': flatcar([NODE]) });
    expect(await setup.adminService.release(MAC)).toEqual({ file: 'profiles/a.json', name: 'a' });
    expect(JSON.parse(setup.text('profiles/a.json'))).toMatchObject({ nodes: [] });
    expect(setup.journal.recorded).toMatchObject([
      { action: 'release', text: 'taken out of profiles/a.json, where it was a' },
    ]);
    await expect(setup.adminService.release(MAC)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('what only the default profile catches cannot be released', async () => {
    const setup = await adminSetup({ 'profiles/a.json': flatcar([], { default: true }) });
    await expect(setup.adminService.release(MAC)).rejects.toMatchObject({ code: 'not-found' });
  });
});
