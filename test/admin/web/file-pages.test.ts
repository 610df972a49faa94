import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDashboard, type FakeDashboard } from '../../support/fake-dashboard.ts';

let setup: FakeDashboard;
beforeEach(async () => {
  setup = await openDashboard();
});
afterEach(async () => {
  await setup[Symbol.asyncDispose]();
});
const EDGE = { folder: 'configs', name: 'edge.yml' };
const PATH = '/dashboard/configs/edge.yml';
const edge = async () => (await setup.adminService.file(EDGE)).revision;

describe('the page Files', () => {
  it('lists configs and keys with who uses them, and what was removed', async () => {
    const { text } = await setup.get('/dashboard/files');
    expect(text).toContain('<a href="/dashboard/configs/worker.ign.hbs">worker.ign.hbs</a>');
    expect(text).toContain('<a href="/dashboard/sshkeys/ops">ops.pub</a>');
    expect(text).toContain('<a href="/dashboard/profiles/edge-canary">edge-canary</a>');
    expect(text).toMatch(/Removed[^]*\/dashboard\/configs\/old\.yml\/versions\/[^]*bert \(token terraform\)/);
  });

  it('of an empty folder says how to begin', async () => {
    await using empty = await openDashboard({ empty: true });
    const { text } = await empty.get('/dashboard/files');
    expect(text.match(/There are none yet/g)).toHaveLength(2);
    expect(text).toContain('href="/dashboard/new-config"');
    expect(text).toContain('href="/dashboard/new-key"');
  });
});

describe('a config and a key', () => {
  it('have a page with text, users and older versions', async () => {
    const { text } = await setup.get(PATH);
    expect(text).toMatch(/hostname: edge[^]*Older versions[^]*changed by anna/);
    expect(text).toContain('href="/dashboard/new-config?copy&#x3D;edge.yml"');
    expect((await setup.get('/dashboard/sshkeys/ops')).text).toContain('ssh-ed25519 AAAA');
    expect((await setup.get('/dashboard/configs/none.yml')).status).toBe(404);
  });

  it.each([
    '/dashboard/configs/..%2f..%2fstate%2fadmin-token',
    '/dashboard/configs/.hidden/edit',
    '/dashboard/sshkeys/%00',
  ])('are nothing else: %s', async (path) => {
    const { status, text } = await setup.get(path);
    expect([status, text.includes('is not a name')]).toEqual([400, true]);
  });

  it('are edited, with the machines that it is about', async () => {
    const { text: form } = await setup.get(`${PATH}/edit`);
    expect(form).toContain('data-language="yaml"');
    const fields = { text: '#cloud-config\nhostname: edge2\n', revision: await edge() };
    const { text } = await setup.post(`${PATH}/preview`, fields);
    expect(text).toContain('<ins><b>+</b>hostname: edge2</ins>');
    expect(text).toMatch(/<strong>Machines:<\/strong> 3 nodes[^]*>edge1<\/a> <span class="soft">edge-canary</);
    const { headers } = await setup.post(`${PATH}/save`, fields);
    expect(headers.get('location')).toBe(`${PATH}?done=saved`);
    expect(setup.adminService.others.get('configs/edge.yml')).toBe(fields.text);
  });

  it('are made anew, under a name', async () => {
    const fields = { name: 'lab/new.yml', text: '#cloud-config\n' };
    expect((await setup.post('/dashboard/new-config/preview', fields)).text).toContain('configs/lab/new.yml');
    const { headers } = await setup.post('/dashboard/new-config/save', fields);
    expect(headers.get('location')).toBe('/dashboard/configs/lab%2Fnew.yml?done=created');
    expect((await setup.get('/dashboard/configs/lab%2Fnew.yml')).status).toBe(200);
    await setup.post('/dashboard/new-key/save', { name: 'me', text: 'ssh-ed25519 AAAA me\n' });
    expect(setup.adminService.others.get('sshkeys/me.pub')).toBe('ssh-ed25519 AAAA me\n');
  });

  it.each(['', '../x', 'a/b/c'])('are not made under the name "%s", and the text stays', async (name) => {
    const { status, text } = await setup.post('/dashboard/new-config/save', { name, text: 'precious' });
    expect(status).toBe(400);
    expect(text).toMatch(/That did not work[^]*>\nprecious<\/textarea>/);
  });

  it('that another one has written meanwhile: both texts, and nothing is lost', async () => {
    const { status, text } = await setup.post('/dashboard/new-config/save', { name: 'edge.yml', text: 'mine: 1\n' });
    expect(status).toBe(409);
    expect(text).toMatch(/changed meanwhile[^]*<pre[^>]*>#cloud-config\nhostname: edge[^]*>\nmine: 1\n<\/textarea>/);
    expect(text).toContain(`name="revision" value="${await edge()}"`);
  });

  it('that is gone meanwhile can be written anew', async () => {
    const fields = { text: 'mine: 1\n', revision: await edge() };
    setup.adminService.others.delete('configs/edge.yml');
    const { status, text } = await setup.post(`${PATH}/save`, fields);
    expect(status).toBe(409);
    expect(text).toMatch(/removed meanwhile[^]*>\nmine: 1\n<\/textarea>/);
    expect(text).not.toContain('name="revision"');
    expect((await setup.post(`${PATH}/save`, { text: fields.text })).status).toBe(303);
    expect(setup.adminService.others.get('configs/edge.yml')).toBe('mine: 1\n');
  });
});

describe('a copy', () => {
  it('of a config begins with its text, under another name', async () => {
    const { text } = await setup.get('/dashboard/new-config?copy=worker.ign.hbs');
    expect(text).toContain('value="worker-copy.ign.hbs"');
    expect(text).toContain('data-language="json"');
    expect(text).toContain('{{node.name}}');
  });

  it('of a profile names no machines', async () => {
    const { text } = await setup.get('/dashboard/new-profile?copy=workers');
    expect(text).toContain('value="workers-copy"');
    expect(text).toMatch(/&quot;channel&quot;: &quot;stable&quot;[^]*&quot;nodes&quot;: \[\]/);
    expect(text).toContain('A copy lists no machines');
  });

  it('of nothing is a page that says so', async () => {
    expect((await setup.get('/dashboard/new-config?copy=none')).status).toBe(404);
  });
});

describe('removing', () => {
  it('asks first, and names what goes', async () => {
    const { text } = await setup.get(`${PATH}/remove`);
    expect(text).toMatch(/Remove <code>configs\/edge\.yml<\/code>\?[^]*<del>[^]*>Remove edge\.yml<\/button>/);
    const { headers } = await setup.post(`${PATH}/remove`, { revision: await edge() });
    expect(headers.get('location')).toBe('/dashboard/files?done=removed');
    expect(setup.adminService.calls).toEqual(['remove configs/edge.yml']);
  });

  it('a profile leads back to the profiles', async () => {
    const { revision } = await setup.adminService.profile('rescue');
    const { headers } = await setup.post('/dashboard/profiles/rescue/remove', { revision });
    expect(headers.get('location')).toBe('/dashboard/profiles?done=removed');
  });

  it('what was changed meanwhile, or without the revision, removes nothing and asks again', async () => {
    for (const fields of [{ revision: 'old' }, { revision: '' }]) {
      const { status, text } = await setup.post(`${PATH}/remove`, fields);
      expect([status, text.includes('changed meanwhile'), text.includes('Remove edge.yml')]).toEqual([409, true, true]);
    }
    expect(setup.adminService.calls).toEqual([]);
  });
});

describe('an older version', () => {
  it('is shown as what restoring it would change, and restored', async () => {
    const { versions } = await setup.adminService.file(EDGE);
    const path = `${PATH}/versions/${versions[0]?.id ?? ''}`;
    const { text } = await setup.get(path);
    expect(text).toMatch(/<del><b>-<\/b>users:[^]*>Restore this version<\/button>/);
    expect(text).toContain(`name="revision" value="${await edge()}"`);
    const { headers } = await setup.post(`${path}/restore`, { revision: await edge() });
    expect(headers.get('location')).toBe(`${PATH}?done=restored`);
    expect(setup.adminService.others.get('configs/edge.yml')).toBe('#cloud-config\nhostname: edge\n');
  });

  it('on top of another text is not restored', async () => {
    const { versions } = await setup.adminService.file(EDGE);
    const { status, text } = await setup.post(`${PATH}/versions/${versions[0]?.id ?? ''}/restore`, { revision: 'old' });
    expect([status, text.includes('That did not work')]).toEqual([409, true]);
    expect(setup.adminService.calls).toEqual([]);
  });

  it('of a file that is gone brings it back, or opens in the editor', async () => {
    const { removed } = await setup.adminService.files();
    const id = removed[0]?.last.id ?? '';
    const { text } = await setup.get(`/dashboard/configs/old.yml/versions/${id}`);
    expect(text).toContain('(the file is gone now)');
    const edit = await setup.get(`/dashboard/new-config?name=old.yml&version=${id}`);
    expect(edit.text).toMatch(/value="old\.yml"[^]*hostname: old/);
    const { headers } = await setup.post(`/dashboard/configs/old.yml/versions/${id}/restore`, {});
    expect(headers.get('location')).toBe('/dashboard/configs/old.yml?done=restored');
  });

  it('opens in the editor on top of the file as it is', async () => {
    const { versions } = await setup.adminService.file(EDGE);
    const { text } = await setup.get(`${PATH}/edit?version=${versions[0]?.id ?? ''}`);
    expect(text).toMatch(/>\n#cloud-config\nhostname: edge\n<\/textarea>/);
    expect(text).toContain(`name="revision" value="${await edge()}"`);
  });

  it('that is none is a page that says so', async () => {
    expect((await setup.get(`${PATH}/versions/1-2`)).status).toBe(404);
  });
});
