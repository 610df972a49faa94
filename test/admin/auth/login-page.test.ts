import { expect, test } from 'vitest';
import { LOGIN_STYLE, loginPage, markup, welcomePage } from '../../../src/admin/auth/login-page.ts';

test('escapes every value, also in attributes', () => {
  expect(markup`<a href="${'"><script>'}">${"<b>&'</b>"}</a>`.text).toBe(
    '<a href="&quot;&gt;&lt;script&gt;">&lt;b&gt;&amp;&#39;&lt;/b&gt;</a>',
  );
});

test('what it made itself stays', () => {
  const items = ['<1>', '2'].map((text) => markup`<li>${text}</li>`);
  expect(markup`<ul>${items}</ul>${3}${markup`<hr>`}`.text).toBe('<ul><li>&lt;1&gt;</li><li>2</li></ul>3<hr>');
});

test('a backslash in a value is no escape', () => {
  expect(markup`a\n${'\\n'}`.text).toBe('a\n\\n');
});

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
