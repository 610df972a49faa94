import { expect, test } from 'vitest';
import { readAsset, readViews } from '../../../src/admin/web/html.ts';

const draw = readViews();
const loginView = (shown: {
  readonly next: string;
  readonly name?: string;
  readonly problem?: string;
  readonly entered?: boolean;
}): string => draw('login', { problem: undefined, name: '', entered: false, plain: false, ...shown });

const EVIL = '"><script>alert(1)</script>';

test('everything in a page is text', () => {
  const pages = [loginView({ next: EVIL, name: EVIL, problem: EVIL }), loginView({ next: EVIL, entered: true })];
  for (const page of pages) {
    expect(page).not.toContain('<script');
    expect(page).toContain('&quot;&gt;&lt;script&gt;');
    expect(page).not.toMatch(/\son\w+=|style="|<style|javascript:/i);
  }
});

test('the form can be used without a mouse, without eyes, and by a password manager', () => {
  const page = loginView({ next: '/dashboard' });
  expect(page).toMatch(/<html lang="en">[^]*<title>Log in - Pilotlight<\/title>[^]*<main>[^]*<h1 class="brand">/);
  expect(page).toMatch(/<label for="token">[^]*<input id="token"[^>]* autocomplete="current-password"/);
  expect(page).not.toContain('role="alert"');
});

test('every class that a page uses has a style', () => {
  const page = loginView({ next: '/dashboard', problem: 'x' });
  for (const [, name] of page.matchAll(/class="(\w+)"/g))
    expect(readAsset('login.css').body.toString()).toContain(`.${name ?? ''} {`);
});
