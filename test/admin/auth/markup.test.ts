import { expect, test } from 'vitest';
import { markup } from '../../../src/admin/auth/markup.ts';

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
