import { expect, it } from 'vitest';
import { attribute } from '../../src/exports/xml.ts';

it('an attribute holds any text', () => {
  expect(attribute('plain')).toBe("'plain'");
  expect(attribute(`a'b"c<d>e&f&amp;`)).toBe("'a&apos;b&quot;c&lt;d&gt;e&amp;f&amp;amp;'");
});
