import Handlebars from 'handlebars';
import { Failure } from '../model/failure.ts';
import { nearest } from '../model/text.ts';
import { parseFailure, placeOf } from './parse-fault.ts';

/** Where in the template something stands; both 1-based. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

export interface PathExpression {
  readonly kind: 'path';
  /** As it was written: `../vars.disk`. */
  readonly text: string;
  readonly parts: readonly string[];
  /** How many `../` it begins with. */
  readonly up: number;
  /** `@index` and its like. */
  readonly data: boolean;
  /** False for `this.x` and `./x`: those never mean a block's own name. */
  readonly named: boolean;
  readonly spot: Spot;
}
export interface CallExpression {
  readonly kind: 'call';
  readonly helper: string;
  readonly args: readonly Expression[];
  readonly options: ReadonlyMap<string, Expression>;
  readonly spot: Spot;
}
export type Expression =
  PathExpression | CallExpression | { readonly kind: 'literal'; readonly value: string | number | boolean | null };

/** `section` is the block without a helper: `{{#vars.disks}}...{{/vars.disks}}`. */
export type BlockKind = 'if' | 'unless' | 'each' | 'with' | 'section';
export interface BlockStep {
  readonly kind: BlockKind;
  readonly subject: Expression;
  readonly includeZero: boolean;
  readonly names: readonly string[];
  readonly body: readonly Step[];
  readonly otherwise: readonly Step[];
  readonly spot: Spot;
}
export type Step =
  | BlockStep
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: PathExpression | CallExpression };

const BLOCKS: readonly string[] = ['if', 'unless', 'each', 'with'];
// Deeper than any text that a person keeps an overview of, and far from the depth at which the parser's own recursion
// ends in a RangeError (measured: some 2,000 blocks).
const MAX_DEPTH = 32;
// Parsing costs 30 to 50 microseconds a tag: 4,000 tags take 0.1 to 0.2 s.
const MAX_TAGS = 4000;
const MAX_TAG_LENGTH = 2000;

/**
 * Reads a template with Handlebars' own parser (so white space control, comments and escapes are exactly its) and keeps
 * only the part of the language that cannot load, define or call anything but `helpers`. Throws Failure `broken`.
 */
export function readTemplate(source: string, file: string, helpers: ReadonlySet<string>): readonly Step[] {
  refuseTooMuch(source, file);
  let program: hbs.AST.Program;
  try {
    program = Handlebars.parse(source);
  } catch (cause) {
    throw parseFailure(source, file, cause);
  }
  return new Reader(file, helpers).steps(program);
}

// Before parsing, since that is where the time goes: 3,000 nested blocks took the parser 2.7 s, 15,000 nested
// parentheses in one tag over two minutes.
function refuseTooMuch(source: string, file: string): void {
  let tags = 0;
  let depth = 0;
  for (const match of source.matchAll(/\{\{\{?\{?~?\s{0,99}([#/]|\^\s{0,99}[^}\s~]|!)?/g)) {
    if (source[match.index - 1] === '\\') continue;
    const [, sign] = match;
    tags += 1;
    if (sign !== undefined && sign !== '!') depth += sign === '/' ? -1 : 1;
    const body = sign === '!' ? '' : (source.slice(match.index, match.index + MAX_TAG_LENGTH).split('}}', 2)[0] ?? '');
    const [message, remedy] =
      depth > MAX_DEPTH || body.split('(').length > MAX_DEPTH
        ? [`more than ${MAX_DEPTH} blocks or calls inside each other`, 'flatten the template']
        : tags > MAX_TAGS
          ? [`a template may hold ${MAX_TAGS} tags`, 'loop with {{#each}}']
          : body.length === MAX_TAG_LENGTH
            ? [`a tag is not closed within ${MAX_TAG_LENGTH} characters`, 'close it with }}']
            : [];
    if (message === undefined || remedy === undefined) continue;
    throw new Failure('broken', message, { place: { file, line: placeOf(source, match.index).line }, remedy });
  }
}

class Reader {
  readonly #file: string;
  readonly #helpers: ReadonlySet<string>;
  /** The names that `as |name|` gives, innermost last. */
  readonly #names: string[] = [];

  constructor(file: string, helpers: ReadonlySet<string>) {
    this.#file = file;
    this.#helpers = helpers;
  }

  steps(program: hbs.AST.Program | undefined): readonly Step[] {
    const names = program?.blockParams ?? [];
    this.#names.push(...names);
    const steps = (program?.body ?? []).flatMap((statement) => this.#step(statement) ?? []);
    this.#names.length -= names.length;
    return steps;
  }

  #step(statement: hbs.AST.Statement): Step | undefined {
    switch (statement.type) {
      case 'CommentStatement':
        return undefined;
      case 'ContentStatement':
        return { kind: 'text', text: (statement as hbs.AST.ContentStatement).value };
      case 'MustacheStatement':
        return { kind: 'value', value: this.#mustache(statement as hbs.AST.MustacheStatement) };
      case 'BlockStatement':
        return this.#block(statement as hbs.AST.BlockStatement);
      case 'PartialStatement':
      case 'PartialBlockStatement':
        return this.#fail(statement, 'partials ({{> name}}) do not exist here', 'put the text into this file');
      default:
        return this.#fail(statement, 'decorators ({{* name}}) do not exist here', 'remove it');
    }
  }

  #mustache(statement: hbs.AST.MustacheStatement | hbs.AST.SubExpression): PathExpression | CallExpression {
    const path = this.#path(statement.path, statement);
    const bare = statement.params.length === 0 && !hasHash(statement);
    const [name = ''] = path.parts;
    const simple = path.parts.length === 1 && path.up === 0 && !path.data && path.named;
    if (bare && statement.type === 'MustacheStatement' && !(simple && this.#isHelper(name))) return path;
    if (!simple || !this.#helpers.has(name)) {
      const known = nearest(name, this.#helpers);
      const remedy = known === undefined ? `there are: ${[...this.#helpers].join(', ')}` : `did you mean "${known}"?`;
      return this.#fail(statement, `unknown helper "${path.text}"`, remedy);
    }
    const args = statement.params.map((param) => this.#expression(param));
    return { kind: 'call', helper: name, args, options: this.#options(statement), spot: spotOf(statement) };
  }

  /** A name that a block gave is that, also where a helper is called the same. */
  #isHelper(name: string): boolean {
    return this.#helpers.has(name) && !this.#names.includes(name);
  }

  #block(statement: hbs.AST.BlockStatement): BlockStep {
    const path = this.#path(statement.path, statement);
    const helper = path.parts.length === 1 && BLOCKS.includes(path.text) && !this.#names.includes(path.text);
    if (!helper && (statement.params.length > 0 || hasHash(statement) || this.#isHelper(path.text))) {
      const remedy = `the blocks are: ${BLOCKS.map((name) => `#${name}`).join(', ')}`;
      return this.#fail(statement, `unknown block "${path.text}"`, remedy);
    }
    const [first, second] = statement.params;
    if (helper && (first === undefined || second !== undefined)) {
      return this.#fail(statement, `{{#${path.text}}} takes one value`, `write {{#${path.text} name}}`);
    }
    const zero = this.#options(statement).get('includeZero');
    // In `{{^name}}` the parser leaves out `program`, whatever its type says.
    const program = statement.program as hbs.AST.Program | undefined;
    return {
      kind: helper ? (path.text as BlockKind) : 'section',
      subject: first === undefined ? path : this.#expression(first),
      includeZero: zero?.kind === 'literal' && zero.value === true,
      names: program?.blockParams ?? [],
      body: this.steps(program),
      otherwise: this.steps(statement.inverse),
      spot: spotOf(statement),
    };
  }

  #options(node: { readonly hash?: hbs.AST.Hash }): ReadonlyMap<string, Expression> {
    return new Map((node.hash?.pairs ?? []).map((pair) => [pair.key, this.#expression(pair.value)]));
  }

  #expression(node: hbs.AST.Expression): Expression {
    switch (node.type) {
      case 'PathExpression':
        return this.#path(node, node);
      case 'SubExpression':
        return this.#mustache(node as hbs.AST.SubExpression);
      case 'StringLiteral':
      case 'NumberLiteral':
      case 'BooleanLiteral':
        return { kind: 'literal', value: (node as hbs.AST.StringLiteral | hbs.AST.NumberLiteral).value };
      default:
        return { kind: 'literal', value: null };
    }
  }

  #path(node: hbs.AST.Expression, around: hbs.AST.Node): PathExpression {
    if (node.type !== 'PathExpression') return this.#fail(around, 'a name must stand here, not a value', 'remove it');
    const path = node as hbs.AST.PathExpression;
    const forbidden = path.parts.find((part) => part === '__proto__' || part === 'constructor' || part === 'prototype');
    if (forbidden !== undefined) {
      return this.#fail(around, `"${path.original}" names "${forbidden}"`, 'give the variable another name');
    }
    const named = !/^(?:\.|this\b)/.test(path.original);
    const { parts, depth: up, data, original: text } = path;
    return { kind: 'path', text, parts, up, data, named, spot: spotOf(path) };
  }

  #fail(node: hbs.AST.Node, message: string, remedy: string): never {
    throw new Failure('broken', message, { place: { file: this.#file, ...spotOf(node) }, remedy });
  }
}

function hasHash(node: { readonly hash?: hbs.AST.Hash }): boolean {
  return (node.hash?.pairs.length ?? 0) > 0;
}

function spotOf(node: hbs.AST.Node): Spot {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}
