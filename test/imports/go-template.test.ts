import { describe, expect, it, test } from 'vitest';
import { translateGoTemplate } from '../../src/imports/go-template.ts';
import { compileTemplate } from '../../src/templates/template.ts';

const DATA = {
  vars: {
    greeting: 'hi',
    keys: ['a', 'b'],
    disk: { name: 'sda' },
    flags: { x: '1', y: '2' },
    empty: [],
    n: 'two words',
  },
  node: { mac: '52:54:00:00:00:01' },
  request: { mac: '52:54:00:00:00:02' },
};

function rendered(go: string): string {
  const { text, faults } = translateGoTemplate(go);
  expect(faults).toEqual([]);
  return compileTemplate(text, 'configs/x.hbs').render(DATA);
}

// What Go's text/template makes of the left side with the same data, white space included.
test.each<readonly [go: string, text: string]>([
  ['{{.greeting}} {{ .greeting }}', 'hi hi'],
  ['{{.disk.name}}', 'sda'],
  ['{{.mac}}', '52:54:00:00:00:01'],
  ['{{.request.query.mac}}', '52:54:00:00:00:02'],
  ['[{{.request.query.uuid}}]', '[]'],
  ['{{if .greeting}}yes{{else}}no{{end}}', 'yes'],
  ['{{if index . "nope"}}yes{{else}}no{{end}}', 'no'],
  ['{{if eq .greeting "ho"}}a{{else if eq .greeting "hi"}}b{{else}}c{{end}}', 'b'],
  ['{{if and .greeting (not .empty)}}x{{end}}', 'x'],
  ['{{range .keys}}{{.}},{{end}}', 'a,b,'],
  ['{{range $e := .keys}}{{$e}}{{$.greeting}} {{end}}', 'ahi bhi '],
  ['{{range $i, $e := .keys}}{{if $i}},{{end}}{{$e}}{{end}}', 'a,b'],
  ['{{range $k, $v := .flags}}{{$k}}={{$v}} {{end}}', 'x=1 y=2 '],
  ['{{range .empty}}x{{else}}none{{end}}', 'none'],
  ['{{with .disk}}{{.name}}{{$.mac}}{{end}}', 'sda52:54:00:00:00:01'],
  ['keys:\n{{- range .keys}}\n  - {{.}}\n{{- end}}\nend', 'keys:\n  - a\n  - b\nend'],
  ['a\n{{if .greeting}}\nb\n{{end}}\nc', 'a\n\nb\n\nc'],
  ['a\n{{if .empty}}\nb\n{{else}}\nd\n{{end}}\nc', 'a\n\nd\n\nc'],
  ['a\n{{/* a -- comment */}}\nb', 'a\n\nb'],
  ['a {{- /* a comment */ -}} b', 'ab'],
  ['-b {{.greeting}} \\{{if .empty}}{{end}}\n', '-b hi \\\n'],
  ['{{"{{"}}literal}}', '{{literal}}'],
  ['{{.n}} {{"{{"}}', 'two words {{'],
])('%j renders as Go renders it', (go, text) => {
  expect(rendered(go)).toBe(text);
});

describe('what has no counterpart', () => {
  test.each<readonly [go: string, message: RegExp]>([
    ['a\n\n{{printf "%s" .x}}', /the function "printf"/],
    ['a\n\n{{.x | len}}', /a pipe/],
    ['a\n\n{{$x := .y}}', /a variable/],
    ['a\n\n{{template "t" .}}', /the function "template"/],
    ['a\n\n{{.request.raw_query}}', /\{\{\.request\.raw_query\}\} has no counterpart/],
    ['a\n\n{{.request.query.os}}', /\{\{\.request\.query\.os\}\} has no counterpart/],
    ['a\n\n{{.}}', /the dot itself/],
    ['a\n\n{{end}}', /\{\{end\}\} without a block/],
    ['a\n\n{{if .x}}', /a block is not closed/],
    ['a\n\n{{.x', /a tag that does not end/],
    ['a\n\n{{"\\x"}}', /has no counterpart/],
  ])('%j is named with its line', (go, message) => {
    const { faults } = translateGoTemplate(go);
    expect(faults.map(({ line }) => line)).toEqual([3]);
    expect(faults[0]?.message).toMatch(message);
    expect(faults[0]?.remedy).not.toBe('');
  });

  it('is told of every tag, not only of the first', () => {
    expect(
      translateGoTemplate('{{printf .a}}\n{{range .x | y}}{{.z}}{{end}}\n{{len .b}}').faults.map(({ line }) => line),
    ).toEqual([1, 2, 3]);
  });
});

it('a text without tags is no template', () => {
  expect(translateGoTemplate('a } { b }}')).toEqual({ isTemplate: false, text: 'a } { b }}', faults: [] });
});
