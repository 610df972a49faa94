import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readContext } from '../../src/context/app-context.ts';
import { asFailure, failureLine, problemLine } from '../../src/model/failure.ts';
import { shownDocument } from '../../src/model/redact.ts';
import { gzipBase64 } from '../../src/model/text.ts';
import { type FolderFiles, makeFolder } from '../support/folder.ts';
import { factsOf, originOf, settingsFor } from '../support/app-context.ts';

const MAC = '525400551cee';
const TOKEN = 'hunter2-w1';
const QUESTION = { facts: factsOf({ mac: MAC }), origin: originOf() };

const PROFILE = {
  system: 'flatcar',
  version: '4593.2.5',
  cloud_config: 'a',
  vars: { shared: { file: 'secrets/shared' }, plain: { file: '/etc/motd' } },
  nodes: [
    { name: 'w1', mac: MAC, vars: { deep: [{ token: { file: 'secrets/w1.token' } }], cert: { credential: 'cert' } } },
  ],
};

async function setup(
  template: string,
  { files = {}, profile = PROFILE }: { files?: FolderFiles; profile?: object } = {},
) {
  const dir = makeFolder({
    'profiles/p.json': profile,
    'configs/a.yml.hbs': template,
    'images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz': 'kernel',
    'images/flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz': 'initramfs',
    'secrets/shared': 'shared-secret\n',
    'secrets/w1.token': `${TOKEN}\n`,
    ...files,
  });
  for (const name of ['shared', 'w1.token']) chmodSync(join(dir, 'secrets', name), 0o600);
  const credentialsDir = makeFolder({ cert: 'credential-text\n' });
  const context = await readContext(settingsFor(dir, { credentialsDir }));
  const problems = (): readonly string[] => context.catalog.current().problems.map(problemLine);
  const document = async () => await context.preview.documentOf('cloud_config', QUESTION);
  const refusal = async () => asFailure(await document().catch((error: unknown) => error));
  return { dir, ...context, problems, document, refusal };
}

describe('a secret in vars', () => {
  test('is in the document of its machine, at any depth, and nowhere in what is shown of it', async () => {
    const at = await setup(
      '#cloud-config\na: {{vars.shared}}\nb: {{vars.deep.0.token}}\nc: {{vars.cert}}\nd: {{json vars}}\ne: {{profile.vars.shared}}\n' +
        '{{#each cluster}}f: {{lookup vars "cert"}}\n{{/each}}',
    );
    expect(at.problems()).toEqual([]);
    const answer = await at.document();
    const lines = answer.body.toString().split('\n');
    expect(lines.slice(1, 4)).toEqual(['a: shared-secret', `b: ${TOKEN}`, 'c: credential-text']);
    expect(lines[4]).toBe(
      `d: {"shared":"shared-secret","plain":{"file":"/etc/motd"},"deep":[{"token":"${TOKEN}"}],"cert":"credential-text"}`,
    );
    expect(lines.slice(5, 7)).toEqual(['e: shared-secret', 'f: credential-text']);
    const shown = Buffer.from(shownDocument(answer)).toString();
    expect(shown).not.toMatch(/shared-secret|hunter2|credential-text/);
    expect(shown).toContain('a: (secrets/shared)\nb: (secrets/w1.token)\nc: (credential/cert)\n');
  });

  test('is not shown where a template packs it', async () => {
    const at = await setup(
      '#cloud-config\na: {{base64 vars.shared}}\nb: {{gzipBase64 vars.shared}}\nc: {{json (base64 vars.cert)}}\n',
    );
    const answer = await at.document();
    expect(answer.body.toString()).toContain(gzipBase64('shared-secret'));
    const shown = Buffer.from(shownDocument(answer)).toString();
    expect(shown).toBe(
      `#cloud-config\na: ${Buffer.from('(secrets/shared)').toString('base64')}\nb: ${gzipBase64('(secrets/shared)')}\nc: "${Buffer.from('(credential/cert)').toString('base64')}"\n`,
    );
  });

  test('a document without one is made once, and shown as it is', async () => {
    expect((await (await setup('#cloud-config\nhostname: {{node.name}}\n')).document()).shown).toBeUndefined();
  });

  test('that others may read refuses the documents that name it, and says which file and what to do', async () => {
    const at = await setup('#cloud-config\na: {{vars.shared}}\n');
    chmodSync(join(at.dir, 'secrets/shared'), 0o644);
    await at.catalog.refresh();
    const remedy = '(chmod 600 secrets/shared, and change the secret: others may know it)';
    const what = 'secrets/shared may be read or changed by others than its owner (mode 0644)';
    expect(at.problems()).toEqual([`profiles/p.json:6:15 vars.shared: ${what} ${remedy}`]);
    const failure = await at.refusal();
    expect([failure.code, failureLine(failure)]).toEqual(['unavailable', `a secret cannot be read: ${what} ${remedy}`]);
    // Its machine waits at its boot loader, where it can be told so.
    const { script, decision } = await at.preview.script(QUESTION);
    expect(decision.outcome).toBe('waiting');
    expect(script).toContain('secrets/shared may be read');
    chmodSync(join(at.dir, 'secrets/shared'), 0o600);
    await at.catalog.refresh();
    expect(at.problems()).toEqual([]);
    expect((await at.document()).body.toString()).toContain('shared-secret');
  });

  test('that is missing is a problem of its key, and no other document waits for it', async () => {
    const at = await setup('#cloud-config\na: {{vars.shared}}\n', {
      profile: { ...PROFILE, vars: { ...PROFILE.vars, other: { file: 'secrets/gone' }, cred: { credential: 'gone' } } },
    });
    expect(at.problems()).toEqual([
      expect.stringMatching(
        /^profiles\/p\.json:\d+:\d+ vars\.other: secrets\/gone does not exist \(put the secret there/,
      ),
      expect.stringMatching(
        /^profiles\/p\.json:\d+:\d+ vars\.cred: credential gone does not exist \(write LoadCredential=/,
      ),
    ]);
    expect((await at.document()).body.toString()).toContain('shared-secret');
  });

  test('of a node with another value instead is not asked for', async () => {
    const at = await setup('#cloud-config\na: {{vars.shared}}\n', {
      profile: { ...PROFILE, nodes: [{ name: 'w1', mac: MAC, vars: { shared: 'open' } }] },
    });
    const answer = await at.document();
    expect(answer.body.toString()).toContain('a: open');
    expect(answer.shown).toBeUndefined();
  });

  test('that is changed is in the next document, and makes a new generation', async () => {
    const at = await setup('#cloud-config\na: {{vars.shared}}\n');
    const before = at.catalog.current().generation;
    writeFileSync(join(at.dir, 'secrets/shared'), 'another');
    await at.catalog.refresh();
    expect(at.catalog.current().generation).toBe(before + 1);
    expect((await at.document()).body.toString()).toContain('a: another');
    await at.catalog.refresh();
    expect(at.catalog.current().generation).toBe(before + 1);
  });

  test('that breaks the document is not quoted by the error', async () => {
    const at = await setup('#cloud-config\nwrite_files:\n  - path: /a\n    content: "{{vars.shared}}"\n', {
      files: { 'secrets/shared': 'very"secret: [' },
    });
    const failure = await at.refusal();
    expect(failureLine(failure)).toMatch(
      /^configs\/a\.yml\.hbs:4: it is wrong with what is in secrets\/shared, and right without \(look for quotes/,
    );
    expect(at.problems().join()).not.toContain('very');
    expect(at.problems()).toHaveLength(1);
  });

  test('of a document that is wrong anyhow stands by its name in the error', async () => {
    const at = await setup('#cloud-config\nwrite_files: [{{vars.shared}}\n');
    expect(failureLine(await at.refusal())).not.toContain('shared-secret');
    expect(at.problems().join()).not.toContain('shared-secret');
    expect(at.problems().join()).toContain('configs/a.yml.hbs');
  });

  test('is left out of /metadata, which is sent without a template that asks for it', async () => {
    const at = await setup('#cloud-config\n', { profile: { ...PROFILE, vars: { ...PROFILE.vars, rack: 'r1' } } });
    const { body } = await at.preview.metadata(QUESTION);
    expect(body.toString()).toContain('RACK=r1\n');
    expect(body.toString()).not.toMatch(/shared|hunter2|SHARED|CERT/);
  });

  test.each(['secrets/../state/token', 'secrets/', 'secrets/a/b/c'])('cannot lie at %s', async (file) => {
    const at = await setup('#cloud-config\na: {{vars.shared}}\n', {
      files: { 'state/token': TOKEN },
      profile: { ...PROFILE, vars: { shared: { file } } },
    });
    expect(at.problems()).toEqual([expect.stringContaining('is not the file of a secret')]);
    expect((await at.refusal()).code).toBe('unavailable');
  });
});
