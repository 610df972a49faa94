import { describe, expect, test } from 'vitest';
import { Failure, failureLine } from '../../src/model/failure.ts';
import { readTemplate } from '../../src/templates/template-syntax.ts';

const HELPERS = new Set(['json', 'eq']);

function refusal(source: string): string {
  try {
    readTemplate(source, 'a.hbs', HELPERS);
  } catch (error) {
    if (error instanceof Failure && error.code === 'broken') return failureLine(error);
    throw error;
  }
  throw new Error(`read: ${source.slice(0, 40)}`);
}

test('what is read: text, values, calls and blocks', () => {
  const steps = readTemplate(
    'a{{b.c}}{{json d x=1}}{{#each e as |f|}}{{f}}{{else}}g{{/each}}{{! h }}',
    'a.hbs',
    HELPERS,
  );
  expect(steps.map((step) => step.kind)).toEqual(['text', 'value', 'value', 'each']);
  expect(steps[1]).toMatchObject({
    value: { kind: 'path', text: 'b.c', parts: ['b', 'c'], spot: { line: 1, column: 4 } },
  });
  expect(steps[2]).toMatchObject({ value: { kind: 'call', helper: 'json', args: [{ kind: 'path', text: 'd' }] } });
  expect(steps[3]).toMatchObject({ names: ['f'], body: [{ kind: 'value' }], otherwise: [{ kind: 'text', text: 'g' }] });
});

test("a block's own name hides the helper of that name", () => {
  const [each] = readTemplate('{{#each a as |json|}}{{json}}{{/each}}', 'a.hbs', HELPERS);
  expect(each).toMatchObject({ body: [{ value: { kind: 'path', text: 'json' } }] });
  expect(readTemplate('{{json}}', 'a.hbs', HELPERS)).toMatchObject([{ value: { kind: 'call', helper: 'json' } }]);
});

describe('what is not read', () => {
  test.each([
    ['{{constructor}}', 'a.hbs:1:1: "constructor" names "constructor"'],
    ['{{vars.__proto__.x}}', 'names "__proto__"'],
    ['{{json a.prototype}}', 'names "prototype"'],
    ['\n{{> self}}', 'a.hbs:2:1: partials'],
    ['{{#> layout}}x{{/layout}}', 'partials'],
    ['{{> (lookup . "x")}}', 'partials'],
    ['{{*n}}', 'decorators'],
    ['{{#*inline "x"}}y{{/inline}}', 'decorators'],
    ['\n\n{{foo 1}}', 'a.hbs:3:1: unknown helper "foo"'],
    ['{{jsn vars}}', 'did you mean "json"?'],
    ['{{#if (foo 1)}}{{/if}}', 'unknown helper "foo"'],
    ['{{vars.foo 1}}', 'unknown helper "vars.foo"'],
    ['{{#foo 1}}{{/foo}}', 'unknown block "foo"'],
    ['{{#json x}}{{/json}}', 'unknown block "json"'],
    ['{{#if}}x{{/if}}', '{{#if}} takes one value'],
    ['{{#if a b}}x{{/if}}', '{{#if}} takes one value'],
    ['{{"x"}}', 'a name must stand here'],
    ['{{12}}', 'a name must stand here'],
    ['{{#if a}', 'a.hbs:1:1: a tag that does not end (write {{#if a}}'],
    ['a\n{{#if a}}', 'a.hbs:2:1: {{#if}} that is never closed'],
    ['a\n{{#if a}}\n{{/each}}', 'a.hbs:3:1: {{#if}} of line 2 is closed by {{/each}}'],
    ['{{', 'a.hbs:1:1: a tag that does not end'],
    ['{{! {{ }} {{/if}}', 'a.hbs:1:11: {{/if}} closes nothing'],
    ['{{#if a}}{{x}}\n{{.y}}{{/if}}', 'a.hbs:2:1: {{.y}} is written as for Go (write {{vars.y}}'],
    ['{{else}}', 'not a Handlebars template'],
    ['{{{{raw}}}} {{x}}', 'not a Handlebars template'],
  ])('%s', (source, expected) => {
    expect(refusal(source)).toContain(expected);
  });
});

describe('what would keep the parser busy is refused before it', () => {
  test.each([
    ['nested blocks', '{{#if a}}'.repeat(3000) + '{{/if}}'.repeat(3000), 'inside each other'],
    ['nested calls', `{{a ${'(eq '.repeat(480)}1${')'.repeat(400)}}}`, 'inside each other'],
    ['many tags', '{{mac}}x'.repeat(8000), '4000 tags'],
    ['a long tag', `{{a${'.a'.repeat(30_000)}}}`, 'not closed within 2000 characters'],
    ['white space in a tag', `{{~${' '.repeat(60_000)}`, 'not closed within 2000 characters'],
    ['opening braces', '{'.repeat(65_536), 'not closed within 2000 characters'],
    ['half blocks', '{{^'.repeat(20_000), 'not closed within 2000 characters'],
  ])('%s', (_, source, expected) => {
    const started = performance.now();
    expect(refusal(source)).toContain(expected);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('literal braces and comments are no tags', () => {
    expect(readTemplate(`\\{{ ${'x'.repeat(3000)}`, 'a.hbs', HELPERS).length).toBeGreaterThan(0);
    expect(readTemplate(`{{!-- ${'x '.repeat(3000)} --}}`, 'a.hbs', HELPERS)).toEqual([]);
  });

  test('the most that is allowed is read', () => {
    expect(readTemplate('{{a}}'.repeat(4000), 'a.hbs', HELPERS)).toHaveLength(4000);
    expect(readTemplate('{{#if a}}'.repeat(32) + '{{/if}}'.repeat(32), 'a.hbs', HELPERS)).toHaveLength(1);
  });
});
