import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { openDashboard, type FakeDashboard } from '../../support/fake-dashboard.ts';

let setup: FakeDashboard;
beforeEach(async () => {
  setup = await openDashboard();
});
afterEach(async () => {
  await setup[Symbol.asyncDispose]();
});
const PATH = '/dashboard/profiles/workers';

/** What an operator makes of the file: its revision and a changed text. */
async function change(): Promise<{ readonly text: string; readonly revision: string }> {
  const { text, revision } = await setup.adminService.profile('workers');
  return { text: text.replace('stable', 'beta'), revision };
}

describe('editing', () => {
  it('begins with the file, its revision and the help', async () => {
    const { text } = await setup.get(`${PATH}/edit`);
    const { revision } = await setup.adminService.profile('workers');
    expect(text).toContain(`name="revision" value="${revision}"`);
    expect(text).toContain('&quot;system&quot;: &quot;flatcar&quot;');
    expect(text).toContain('<code>boot_timeout</code>');
    expect(text).not.toContain('>Save<');
  });

  it('shows what would change before anything is written', async () => {
    const { text } = await setup.post(`${PATH}/preview`, await change());
    expect(text).toContain('1 line added, 1 line removed');
    expect(text).toContain('<ins><b>+</b>  &quot;channel&quot;: &quot;beta&quot;,</ins>');
    expect(text).toContain(`formaction="${PATH}/save">Save<`);
    expect(setup.adminService.calls).toEqual([]);
  });

  it('saves on top of the revision it began with', async () => {
    const { status, headers } = await setup.post(`${PATH}/save`, await change());
    expect([status, headers.get('location')]).toEqual([303, `${PATH}?done=saved`]);
    expect(setup.adminService.texts.get('workers')).toContain('"beta"');
  });

  it('turns the line ends of browsers back', async () => {
    const { text, revision } = await change();
    await setup.post(`${PATH}/save`, { text: text.replaceAll('\n', '\r\n'), revision });
    expect(setup.adminService.texts.get('workers')).toBe(text);
  });

  it('saves nothing with an error in it', async () => {
    const { revision } = await change();
    const { status, text } = await setup.post(`${PATH}/save`, { text: '{ "system": ', revision });
    expect(status).toBe(400);
    expect(text).toContain('the file is not JSON');
    expect(text).toContain('{ &quot;system&quot;: ');
    expect(setup.adminService.calls).toEqual([]);
  });

  it('loses nothing when somebody else was faster', async () => {
    const mine = await change();
    setup.adminService.texts.set('workers', '{ "system": "debian" }\n');
    const { status, text } = await setup.post(`${PATH}/save`, mine);
    expect(status).toBe(409);
    expect(text).toContain('The file was changed meanwhile');
    expect(text).toMatch(/<pre[^>]*>\{ &quot;system&quot;: &quot;debian&quot; \}/);
    expect(text).toMatch(/<textarea[^>]*>[^<]*beta/);
    // The new revision: who saves now, saves on top of theirs, having seen it.
    const { revision } = await setup.adminService.profile('workers');
    expect(text).toContain(`name="revision" value="${revision}"`);
    expect(setup.adminService.calls).toEqual([]);
    expect((await setup.post(`${PATH}/save`, { ...mine, revision })).status).toBe(303);
  });

  it('keeps the text when the admin service fails', async () => {
    setup.adminService.previewFile = async () => {
      throw new Failure('unavailable', 'not now', { remedy: 'later' });
    };
    const { status, text } = await setup.post(`${PATH}/preview`, { text: 'precious', revision: 'r' });
    expect(status).toBe(503);
    expect(text).toMatch(/not now[\s\S]*precious/);
  });
});

describe('a new profile', () => {
  it('begins with a text that can be saved', async () => {
    const { text } = await setup.get('/dashboard/new-profile');
    expect(text).toContain('name="name"');
    expect(text).toContain('&quot;system&quot;: &quot;flatcar&quot;');
  });

  it('is looked at, then made', async () => {
    const fields = { name: 'fresh', text: '{}\n' };
    const seen = await setup.post('/dashboard/new-profile/preview', fields);
    expect(seen.text).toContain('value="fresh"');
    expect(seen.text).toContain('profiles/fresh.json');
    const { headers } = await setup.post('/dashboard/new-profile/save', fields);
    expect(headers.get('location')).toBe('/dashboard/profiles/fresh?done=created');
    expect(setup.adminService.texts.get('fresh')).toBe('{}\n');
  });

  it('that is there already is a conflict, with both texts', async () => {
    const { status, text } = await setup.post('/dashboard/new-profile/save', {
      name: 'workers',
      text: '{ "mine": 1 }',
    });
    expect(status).toBe(409);
    expect(text).toContain('Edit workers');
    expect(text).toMatch(/<textarea[^>]*>[^<]*mine/);
    expect(setup.adminService.calls).toEqual([]);
  });

  it('can be the first one', async () => {
    await using empty = await openDashboard({ empty: true });
    expect((await empty.get('/dashboard/new-profile')).text).toContain('<code>boot_timeout</code>');
    expect((await empty.get('/dashboard/profiles')).text).toContain('There are no profiles yet');
  });
});

describe('rolling back', () => {
  it('leads back to the profile', async () => {
    const { headers } = await setup.post(`${PATH}/rollback`, { version: '4593.2.0' });
    expect(setup.adminService.calls).toEqual(['rollback workers 4593.2.0']);
    expect(headers.get('location')).toBe(`${PATH}?done=rolled-back`);
  });

  it('to the version before needs no version', async () => {
    await setup.post(`${PATH}/rollback`, { version: '' });
    expect(setup.adminService.calls).toEqual(['rollback workers ']);
  });

  it('that fails says why', async () => {
    const { status, text } = await setup.post(`${PATH}/rollback`, { version: '4593.2.1' });
    expect([status, text.includes('boots 4593.2.1 already')]).toEqual([400, true]);
  });
});

it('a profile that is not there is a page that says so', async () => {
  const { status, text } = await setup.get('/dashboard/profiles/nothing');
  expect([status, text.includes('there is no profile nothing')]).toEqual([404, true]);
});
