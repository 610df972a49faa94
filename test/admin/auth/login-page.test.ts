import { expect, test } from 'vitest';
import { loginPage, welcomePage } from '../../../src/admin/auth/login-page.ts';
import { LOGIN_STYLE } from '../../../src/admin/auth/login-style.ts';

const EVIL = '"><script>alert(1)</script>';

test('everything in a page is text', () => {
  const pages = [loginPage({ next: EVIL, problem: EVIL }), welcomePage(EVIL)];
  for (const page of pages) {
    expect(page).not.toContain('<script');
    expect(page).toContain('&quot;&gt;&lt;script&gt;');
    expect(page).not.toMatch(/\son\w+=|style="|<style|javascript:/i);
  }
});

test('the form can be used without a mouse, without eyes, and by a password manager', () => {
  const page = loginPage({ next: '/dashboard' });
  expect(page).toMatch(/<html lang="en">[^]*<title>Log in - Pilotlight<\/title>[^]*<main>[^]*<h1>/);
  expect(page).toMatch(/<label for="token">[^]*<input id="token"[^>]* autocomplete="current-password"/);
  expect(page).not.toContain('role="alert"');
});

test('every class that a page uses has a style', () => {
  const page = loginPage({ next: '/dashboard', problem: 'x' });
  for (const [, name] of page.matchAll(/class="(\w+)"/g)) expect(LOGIN_STYLE).toContain(`.${name ?? ''} {`);
});
