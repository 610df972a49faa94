import { Failure } from '../model/failure.ts';

/** Where a template holds something that Handlebars cannot read, in words for the person who wrote it. */
interface Fault {
  readonly offset: number;
  readonly message: string;
  readonly remedy: string;
}

/** The mistake behind an error of Handlebars' parser, which names the token where it gave up, often lines later. */
export function parseFailure(source: string, file: string, cause: unknown): Failure {
  const fault = findFault(source);
  if (fault !== undefined) {
    const { offset, message, remedy } = fault;
    return new Failure('broken', message, { place: { file, ...placeOf(source, offset) }, remedy, cause });
  }
  const line = /(?:on line |- )(\d+)/.exec(cause instanceof Error ? cause.message : '')?.[1];
  const place = { file, ...(line === undefined ? {} : { line: Number(line) }) };
  const remedy = 'see the template syntax: {{name}}, {{#if x}}...{{/if}}; write \\{{ for two literal braces';
  return new Failure('broken', 'this is not a Handlebars template', { place, remedy, cause });
}

/** Both 1-based. */
export function placeOf(source: string, offset: number): { readonly line: number; readonly column: number } {
  const before = source.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

const TAG = /(?<!\\)\{\{(?!!)~?\{?/g;

function findFault(source: string): Fault | undefined {
  const open: { readonly name: string; readonly offset: number }[] = [];
  // Comments may hold anything: they are blanked, so that places stay.
  const text = source.replaceAll(/\{\{!(?:--[^]*?--|[^]*?)\}\}/g, (comment) => comment.replaceAll(/[^\n]/g, ' '));
  for (const { index, 0: start } of text.matchAll(TAG)) {
    const rest = text.slice(index + start.length);
    const end = rest.indexOf('}}');
    const body = end === -1 ? rest : rest.slice(0, end);
    if (end === -1 || /\{\{/.test(body)) {
      const [shown = ''] = body.split('\n', 1);
      const remedy = `write ${start}${shown.replace(/[}\s]+$/, '').slice(0, 40)}}}, or \\{{ for two literal braces`;
      return { offset: index, message: 'a tag that does not end', remedy };
    }
    const wrong = wrongIn(body.trim());
    if (wrong !== undefined) return { offset: index, ...wrong };
    const [, sign, name = ''] = /^~?\s*([#^/])\s*([^\s}~]+)/.exec(body) ?? [];
    if (sign === '#' || sign === '^') open.push({ name, offset: index });
    if (sign !== '/') continue;
    const block = open.pop();
    if (block?.name === name) continue;
    const { line } = placeOf(source, block?.offset ?? 0);
    return block === undefined
      ? {
          offset: index,
          message: `{{/${name}}} closes nothing`,
          remedy: `remove it, or write {{#${name} ...}} before it`,
        }
      : {
          offset: index,
          message: `{{#${block.name}}} of line ${line} is closed by {{/${name}}}`,
          remedy: `close it with {{/${block.name}}}`,
        };
  }
  const [last] = open.slice(-1);
  if (last === undefined) return undefined;
  const message = `{{#${last.name}}} that is never closed`;
  return { offset: last.offset, message, remedy: `close it with {{/${last.name}}}` };
}

/** What other languages write between two braces. */
function wrongIn(body: string): Omit<Fault, 'offset'> | undefined {
  const [, field] = /^\.([A-Za-z_][\w.]*)/.exec(body) ?? [];
  if (field !== undefined) {
    return { message: `{{.${field}}} is written as for Go`, remedy: `write {{vars.${field}}} or {{node.${field}}}` };
  }
  if (/[\u2018-\u201F]/.test(body)) return { message: 'typographic quotes in a tag', remedy: 'write "' };
  const [sign] = /==|!=|&&|\|\|/.exec(body) ?? [];
  if (sign !== undefined) {
    const helper = { '==': 'eq', '!=': 'ne', '&&': 'and', '||': 'or' }[sign] ?? '';
    return { message: `"${sign}" in a tag`, remedy: `write (${helper} a b), as in {{#if (${helper} a b)}}` };
  }
  if (/\|/.test(body.replace(/\bas \|[^|]*\|/, ''))) {
    return {
      message: 'a filter ("|"), which Handlebars does not have',
      remedy: 'write a helper before it: {{json x}}',
    };
  }
  return undefined;
}
