import Handlebars from 'handlebars';
import { describe, expect, test } from 'vitest';
import { Failure, failureLine } from '../../src/model/failure.ts';
import type { JsonObject } from '../../src/model/profile.ts';
import { compileTemplate } from '../../src/templates/template.ts';

const DATA: JsonObject = {
  node: { name: 'a', mac: '52:54:00:00:00:01' },
  vars: { disk: '/dev/sda', zero: 0, no: false, nothing: null, empty: [], list: ['x', 'y'], deep: { a: { b: 1 } } },
  profile: { name: 'p' },
  base_url: 'http://192.0.2.1:4777',
  cluster: [
    { name: 'a', ip: '192.0.2.10', vars: {} },
    { name: 'b', ip: '192.0.2.11', vars: { role: 'x<y & "z"' } },
  ],
};

function render(source: string, data: JsonObject = DATA): string {
  return compileTemplate(source, 'configs/a.yml.hbs').render(data);
}

function refusal(source: string, data: JsonObject = DATA): string {
  try {
    render(source, data);
  } catch (error) {
    if (error instanceof Failure && error.code === 'broken') return failureLine(error);
    throw error;
  }
  throw new Error(`rendered: ${source}`);
}

describe('what Handlebars renders is what we render', () => {
  // (It adds up numbers and booleans at the beginning of a text, 0 + true = 1, so no text here begins with two of them.)
  // Each also goes through Handlebars' own compiler and runtime, in strict mode and without escapes.
  const sources = [
    'plain { text } with $braces}}',
    '{{vars.disk}} {{{vars.disk}}} {{&vars.disk}}',
    '{{cluster.[1].vars.role}}',
    '{{#if vars.disk}}yes{{else}}no{{/if}}',
    '{{#if vars.zero}}yes{{else}}no{{/if}} {{#if vars.zero includeZero=true}}yes{{/if}}',
    '{{#if vars.empty}}yes{{else if vars.no}}never{{else}}no{{/if}}',
    '{{#unless vars.nothing}}un{{else}}less{{/unless}}',
    '{{#each vars.list}} {{@index}}{{@first}}{{@last}}{{this}},{{/each}}',
    '{{#each vars.deep}}{{@key}}={{this.b}};{{/each}}',
    '{{#each vars.empty}}x{{else}}none{{/each}}',
    '{{#each cluster as |peer i|}}{{i}}:{{peer.name}}@{{../node.name}}{{#unless @last}} {{/unless}}{{/each}}',
    '{{#each cluster}}{{#each ../vars.list}}{{../name}}{{this}}{{@../index}}{{../../node.name}} {{/each}}{{/each}}',
    '{{#with vars.deep.a}}{{b}}{{@root.node.name}}{{/with}}{{#with vars.empty}}x{{else}}y{{/with}}',
    '{{#with vars.zero as |z|}}[{{z}}]{{/with}}{{#with node as |n|}}{{n.name}}{{name}}{{./name}}{{/with}}',
    '{{#with node}}{{#with this}}{{../base_url}}{{/with}}{{/with}}',
    '{{#vars.list}}{{this}}{{/vars.list}}{{#vars.deep}}{{a.b}}{{/vars.deep}}{{^vars.no}}not{{/vars.no}}',
    '{{#vars.empty}}x{{else}}y{{/vars.empty}}',
    'a\n  {{#if vars.disk}}\n  b: {{vars.disk}}\n  {{/if}}\nc',
    'a  {{~vars.disk~}}  b {{! comment }}{{!-- {{comment}} --}}c',
    '\\{{vars.disk}} \\\\{{vars.disk}} {{vars.no}}|{{vars.zero}}',
    '{{#each cluster}}{{#if vars.role}}{{vars.role}}{{/if}}{{/each}}',
  ];
  test.each(sources)('%s', (source) => {
    const lenient = source.includes('{{#if vars.role}}');
    const theirs = Handlebars.compile(source, { strict: !lenient, noEscape: true })(DATA);
    if (lenient) expect(refusal(source)).toContain('"vars.role" is not there');
    else expect(render(source)).toBe(theirs);
  });
});

describe('what is not there is an error with its line', () => {
  test.each([
    [
      'a\n b {{vars.dsik}}',
      'configs/a.yml.hbs:2:6: variable "vars.dsik" is not there: there is no "dsik" (did you mean "disk"?)',
    ],
    ['{{#if vars.x}}{{/if}}', 'configs/a.yml.hbs:1:7: variable "vars.x" is not there'],
    ['{{#unless vars.x}}{{/unless}}', '1:11: variable "vars.x" is not there'],
    ['{{#each vars.x}}{{/each}}', '1:9: variable "vars.x" is not there'],
    ['{{#with vars.x}}{{/with}}', '1:9: variable "vars.x" is not there'],
    ['{{#vars.x}}{{/vars.x}}', '1:4: variable "vars.x" is not there'],
    ['{{#each cluster}}\n{{rolle}}{{/each}}', '2:3: variable "rolle" is not there'],
    ['{{#if (eq vars.x 1)}}{{/if}}', '1:11: variable "vars.x" is not there'],
    ['{{json vars.x}}', '1:8: variable "vars.x" is not there'],
    ['{{lookup vars "x" default=vars.y}}', '1:27: variable "vars.y" is not there'],
    ['{{vars.deep.q.r.s}}', 'there is no "q"'],
    ['{{vars.nothing.a}}', 'there is no "a"'],
    ['{{vars.disk.length}}', 'there is no "length"'],
    ['{{toString}}', 'variable "toString" is not there'],
    ['{{vars.hasOwnProperty}}', 'there is no "hasOwnProperty"'],
    ['{{../x}}', '"../x" leads out of the template'],
    ['{{@index}}', '"@index" is not there'],
    ['{{#each vars.list}}{{@odd}}{{/each}}', '"@odd" is not there'],
    ['{{vars}}', '"vars" is a list or an object, not text'],
    ['{{vars.list}}', '"vars.list" is a list or an object, not text'],
  ])('%s', (source, expected) => {
    expect(refusal(source)).toContain(expected);
  });

  test.each([
    [
      'a\n{{#each vars.disk}}\n- {{this}}\n{{/each}}',
      'configs/a.yml.hbs:2:9: each needs a list or an object: vars.disk is text (write a list, such as ["..."], also for one item)',
    ],
    ['{{#each vars.zero}}x{{/each}}', 'each needs a list or an object: vars.zero is number 0'],
    ['{{#each vars.no}}x{{else}}y{{/each}}', 'each needs a list or an object: vars.no is boolean false'],
    ['{{#each vars.nothing}}x{{else}}y{{/each}}', 'each needs a list or an object: vars.nothing is null'],
    ['{{#each (or vars.no vars.disk)}}{{/each}}', 'each needs a list or an object: (or ...) is boolean true'],
    ['{{#each "abc"}}{{/each}}', 'each needs a list or an object: "abc" is text'],
    ['a {{vars.nothing}}', ':1:5: variable "vars.nothing" is null'],
    ['{{{vars.nothing}}}', 'variable "vars.nothing" is null'],
    ['{{#with vars.nothing}}x{{else}}y{{/with}}', 'variable "vars.nothing" is null'],
    ['{{#vars.nothing}}x{{/vars.nothing}}', 'variable "vars.nothing" is null'],
    ['{{^vars.nothing}}x{{/vars.nothing}}', 'variable "vars.nothing" is null'],
    ['{{#with vars as |v|}}{{v.nothing}}{{/with}}', 'variable "v.nothing" is null'],
    ['{{#each vars.holes}}{{this}}{{/each}}', 'variable "this" is null'],
    ['{{join vars.holes}}', 'join: a value is null'],
    ['{{join vars.disk}}', 'join: join needs a list'],
    ['{{base64 vars.nothing}}', 'base64: a value is null'],
    ['{{gzipBase64 vars.nothing}}', 'gzipBase64: a value is null'],
    ['{{indent vars.nothing 2}}', 'indent: a value is null'],
    ['{{lookup vars "nothing"}}', 'lookup: variable "nothing" is not there'],
    ['{{lookup vars "nothing" default=null}}', 'variable "(lookup ...)" is null'],
  ])('case 07-each-over-a-string: %s', (source, expected) => {
    const vars = { ...(DATA['vars'] as JsonObject), holes: [null] };
    expect(refusal(source, { ...DATA, vars })).toContain(expected);
  });

  test('a null may be asked for, and is JSON', () => {
    const source =
      '{{#if vars.nothing}}x{{else}}y{{/if}} {{has vars "nothing"}} {{lookup vars "nothing" default="z"}} ' +
      '{{eq vars.nothing null}} {{json vars.nothing}}';
    expect(render(source)).toBe('y false z true null');
  });

  test('a branch that is not taken may name anything', () => {
    expect(render('{{#if (has vars "role")}}{{vars.role}}{{else}}none{{/if}}')).toBe('none');
  });
});

test('own keys called __proto__ and constructor are data to nobody', () => {
  const data = JSON.parse('{"vars": {"__proto__": {"x": "polluted"}, "constructor": "own"}}') as JsonObject;
  expect(refusal('{{vars.constructor}}', data)).toContain('names "constructor"');
  expect(refusal('{{vars.x}}', data)).toContain('is not there');
  expect(refusal('{{lookup vars "constructor" "name"}}', { vars: {} })).toContain('"constructor.name" is not there');
  expect(refusal('{{lookup vars "__proto__" "toString"}}', { vars: {} })).toContain('is not there');
});

test('values are never read as a template', () => {
  const vars = { a: '{{vars.b}}', b: 'secret' };
  expect(render('{{vars.a}} {{json vars.a}}', { vars })).toBe('{{vars.b}} "{{vars.b}}"');
});

test('a template is read once and rendered for many machines', () => {
  const template = compileTemplate('{{node.name}}', 'configs/a.yml.hbs');
  expect(['a', 'b'].map((name) => template.render({ node: { name } }))).toEqual(['a', 'b']);
  expect(template.file).toBe('configs/a.yml.hbs');
});

describe('limits', () => {
  test('64 KiB, counted in bytes', () => {
    expect(render('x'.repeat(65_536))).toHaveLength(65_536);
    expect(refusal('x'.repeat(65_537))).toContain('64 KiB');
    expect(refusal('é'.repeat(40_000))).toContain('64 KiB');
  });
  test('a loop over a long list ends with the text at 4 MiB', () => {
    const data = { a: Array.from({ length: 5000 }, () => 0) };
    expect(refusal(`{{#each a}}${'x'.repeat(1000)}{{/each}}`, data)).toContain('over 4 MiB');
  });
  test('loops inside loops end', () => {
    const data = { a: Array.from({ length: 1000 }, () => 0) };
    expect(refusal('{{#each a}}{{#each @root.a}}{{#if this}}{{/if}}{{/each}}{{/each}}', data)).toContain(
      'come to an end',
    );
  });
});

test('whatever is put together from pieces of the language renders or is a Failure', () => {
  let seed = 7;
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const pieces = [
    '{{',
    '}}',
    '{{{',
    '}}}',
    '#if ',
    '#each ',
    '/if',
    '/each',
    'else',
    '^',
    '(',
    ')',
    ' as |x|',
    '"',
    "'",
    '\\',
    '.',
  ]
    .concat([
      '..',
      '/',
      '@',
      '[',
      ']',
      '=',
      '~',
      '!',
      '!--',
      '--',
      '>',
      '*',
      '&',
      'vars',
      'vars.list',
      'json ',
      'eq ',
      '1',
      '\n',
      ' ',
      'é',
    ])
    .concat(['{{#each vars.list}}', '{{/each}}', '{{#if node}}', '{{/if}}', '{{this}}', '{{vars.disk}}']);
  let rendered = 0;
  for (let round = 0; round < 4000; round += 1) {
    const source = Array.from({ length: 1 + next(8) }, () => pieces[next(pieces.length)] ?? '').join('');
    try {
      render(source);
      rendered += 1;
    } catch (error) {
      if (!(error instanceof Failure)) throw new Error(`not a Failure for ${JSON.stringify(source)}`, { cause: error });
    }
  }
  expect(rendered).toBeGreaterThan(100);
});
