import { expect, it } from 'vitest';
import { attribute, escaped } from '../../src/exports/libvirt.ts';

it('an attribute holds any text', () => {
  expect(attribute('plain')).toBe("'plain'");
  expect(attribute(`a'b"c<d>e&f&amp;`)).toBe("'a&apos;b&quot;c&lt;d&gt;e&amp;f&amp;amp;'");
});

it('so does an element', () => {
  expect(escaped(`a'b<c>&`)).toBe('a&apos;b&lt;c&gt;&amp;');
});
