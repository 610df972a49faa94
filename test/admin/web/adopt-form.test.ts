import { describe, expect, it } from 'vitest';
import { adoptForm } from '../../../src/admin/web/adopt-form.ts';
import type { MachineRow } from '../../../src/model/views.ts';
import { FAKE_PROFILES } from '../../support/fake-office-data.ts';

const ROW: MachineRow = { key: '52:54:00:55:1c:ee', mac: '52:54:00:55:1c:ee', state: 'unknown', boots: [] };
const chosen = (form: ReturnType<typeof adoptForm>): string | undefined =>
  form.profiles.find(({ selected }) => selected)?.name;

describe('the form that adopts', () => {
  it('is filled in: the profile that most machines boot, a name made of the MAC', () => {
    const form = adoptForm(ROW, FAKE_PROFILES);
    expect(chosen(form)).toBe('workers');
    expect(form.name).toBe('node-551cee');
  });

  it.each([
    ['Web-01.lan.example', 'web-01'],
    ['(none)', 'node-551cee'],
    ['..', 'node-551cee'],
  ])('of what calls itself %s suggests %s', (hostname, name) => {
    expect(adoptForm({ ...ROW, hostname }, FAKE_PROFILES).name).toBe(name);
  });

  it('suggests no name where there is nothing to make one of', () => {
    expect(adoptForm({ key: 'serial:1', state: 'unknown', boots: [] }, FAKE_PROFILES).name).toBe('');
  });

  it('shows a known machine as it is', () => {
    const form = adoptForm({ ...ROW, state: 'up', name: 'cp1', profile: 'rescue' }, FAKE_PROFILES);
    expect([form.name, chosen(form)]).toEqual(['cp1', 'rescue']);
  });

  it('keeps what was typed', () => {
    const form = adoptForm({ ...ROW, name: 'cp1', profile: 'rescue' }, FAKE_PROFILES, {
      name: 'taken',
      profile: 'workers',
    });
    expect([form.name, chosen(form)]).toEqual(['taken', 'workers']);
  });

  it('offers no profile that never was good', () => {
    const form = adoptForm(
      ROW,
      FAKE_PROFILES.map((profile) => ({ ...profile, inForce: profile.name === 'rescue' })),
    );
    expect(form.profiles.map(({ name }) => name)).toEqual(['rescue']);
    expect(adoptForm(ROW, []).none).toBe(true);
  });
});
